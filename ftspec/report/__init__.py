"""Pages that people send around: of a run, of an evaluation, of runs side by side.

A page is one file without scripts, and nothing in it is loaded from elsewhere. It is made from the
files of run directories alone, without torch. What strangers wrote (labels, rows, names) reaches a
page only through templates with autoescape (:mod:`ftspec.report.pages`), and never a chart.
"""
