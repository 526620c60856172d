"""Chat models: supervised fine-tuning on conversations, and preference tuning."""
