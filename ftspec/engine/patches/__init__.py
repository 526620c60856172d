"""Changes of libraries for the whole process, one in each file.

Each holds only inside a ``with`` block, and the library is as before after it, after an error too.
Each file says why the change is needed, how long it holds, and when the file can go.

Not here is what changes no library: a new name that transformers lets anybody register, and
environment variables that are set before a library is imported and reads them.
"""
