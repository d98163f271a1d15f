"""The roofline plot: where everything lies, and how it is drawn as a picture or on a page."""
