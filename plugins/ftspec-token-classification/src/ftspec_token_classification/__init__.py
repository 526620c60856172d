"""Token classification: labels for words, such as names and parts of speech."""
