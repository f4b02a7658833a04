"""Thousands of slow clients at once, and a fast one beside them that must not notice.

slowhttptest (Debian) holds 4,000 connections in each of four ways: heads that never end,
bodies that trickle, answers that are hardly read, and ranges by the hundred.  Meanwhile
``hedgerow load`` asks at a modest rate; its 99th percentile and the server's memory are what
counts.  The server has one core for itself.
"""
