"""Static files: what a path of a route with ``root`` stands for, and how it is sent."""
