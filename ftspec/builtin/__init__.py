"""The components ftspec comes with, contributed through the same door as any plugin's."""
