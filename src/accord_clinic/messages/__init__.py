"""What is sent to people: an outbox, mails and text messages, and their texts per language."""
