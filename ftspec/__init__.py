"""ftspec: declarative fine-tuning of Hugging Face models from one YAML spec.

Nothing is re-exported here, so that ``import ftspec`` costs nothing; plugin authors import
:mod:`ftspec.api`.
"""

__version__ = "0.1.0"
