"""What Accord writes to people: sentences about signals, dates in words, texts for each language."""
