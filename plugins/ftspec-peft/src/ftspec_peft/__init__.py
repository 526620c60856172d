"""LoRA and QLoRA for ftspec."""
