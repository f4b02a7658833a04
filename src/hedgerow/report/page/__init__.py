"""One HTML file that shows a run, several runs over each other, or a search; nothing is fetched.

Takes result documents and gives text.  Must not know where the file goes.

    assembly        the page of runs, in its order
    find            the page of a capacity search, in its order
    find_charts     ... its curves
    find_tables     ... its probes, and what they were for
    frame           what every page is
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
from hedgerow.report.page.find import find_page

__all__ = ["page", "find_page"]
