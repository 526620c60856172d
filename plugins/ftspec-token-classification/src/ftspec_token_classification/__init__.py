"""Labels for words: names, parts of speech, anything a sentence has word by word."""
