"""What all writers share: tables, cells, colours, terminal layout, Markdown."""
