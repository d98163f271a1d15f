"""Charts of a page as SVG that fits any width without a script: points and lines in a plane, and bars.

Places are fractions of the chart, colours classes of the page's style sheet, names text. The template `charts.html`
writes the elements; the page's scripts add pointing, choosing and filtering.
"""
