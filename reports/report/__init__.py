"""Writers of a report: page, terminal text, Markdown, CSV, JSON, picture."""
