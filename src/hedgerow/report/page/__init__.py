"""One HTML file that shows one run, or several drawn over each other; nothing is fetched.

Takes result documents and gives text.  Must not know where the file goes.

    assembly        the whole page, in its order
    judgements      the verdict on the measurement, and the promises
    outcomes        JMeter's summary, percentiles, answers and errors
    comparison      several runs side by side
    circumstances   the plan, the command, the generator, the machine
    one_run         the charts of one run
    several_runs    the charts of several, one colour a run
    runs            a run's name and colour
    series          columns over time
    spectrum        curves from histograms
    chart           a chart as data
    figures         how figures are worded
    tables          tables in boxes of their own
    markup          HTML in which text is always escaped
    embedded        the results inside the page
    inlined         style sheet and scripts, uPlot among them
"""

from hedgerow.report.page.assembly import page

__all__ = ["page"]
