"""What a demo says, from its first words to its last.

Puts the parts of the output in order; must not know how results come about.
"""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from hedgerow.cli.demo_plan import HEDGE_DELAY, HEDGE_EXTRA, UPSTREAM_IN_WORDS, DemoPlan
from hedgerow.cli.demo_result import DemoResult
from hedgerow.cli.demo_table import remarks, table
from hedgerow.cli.demo_timeline import ASCII, UNICODE, Glyphs, Timelines
from hedgerow.units import format_duration

_WIDEST = 100


def show_promise(console: Console, plan: DemoPlan) -> None:
    """Say what is about to be shown."""
    delay = format_duration(HEDGE_DELAY)
    console.print()
    console.print(
        "The same users call one unreliable upstream: directly, and through Hedgerow.",
        style="bold",
    )
    console.print()
    for name, told in (
        ("upstream", UPSTREAM_IN_WORDS),
        ("users", f"{plan.rate:g}/s on each side for {plan.seconds:g} s, at random moments"),
        ("promise", f"a good answer within {format_duration(plan.deadline)}"),
        ("gateway", f"after {delay} of silence or a failure, {HEDGE_EXTRA} more attempts at once"),
    ):
        console.print(f"  [dim]{name:<9}[/dim] {told}", soft_wrap=True)
    console.print()


def show_result(console: Console, result: DemoResult) -> None:
    """Say what came of it."""
    glyphs = ASCII if console.options.ascii_only else UNICODE
    console.print(table(result, glyphs))
    for remark in remarks(result):
        console.print(remark, style="dim", width=min(console.width, _WIDEST))
    if result.stories:
        console.print()
        _show_stories(console, result, glyphs)
    console.print()


def show_what_stays(console: Console, upstream: str, gateway: str, log: Path) -> None:
    """Say what can be tried while the servers stay."""
    change = """-d '{"latency": "constant:2s"}'"""
    console.print("Both servers stay until Ctrl-C. Try:", style="bold")
    for command, told in (
        (f"curl -i {gateway}/api/work", "through Hedgerow; Server-Timing tells the attempts"),
        (f"curl -i {upstream}/api/work", "directly"),
        (f"curl {upstream}/__stats", "what the upstream has seen"),
        (f"curl -X PATCH {upstream}/__behaviour {change}", "make it worse"),
        (f"tail -f {log}", "every request's story"),
    ):
        console.print(Text(f"  # {told}", style="dim"), soft_wrap=True)
        console.print(Text(f"  {command}"), soft_wrap=True)


def _show_stories(console: Console, result: DemoResult, glyphs: Glyphs) -> None:
    timelines = Timelines(result.plan.deadline, min(console.width, _WIDEST), glyphs)
    console.print("Some of these requests, as the gateway's --trace tells them", style="bold")
    for chosen in result.stories:
        console.print()
        for line in timelines.drawn(chosen):
            console.print(line, soft_wrap=True)
    for line in timelines.axis():
        console.print(line, soft_wrap=True)
