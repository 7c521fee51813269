"""What is said to people, in words: sentences about signals, spoken dates, texts per language."""
