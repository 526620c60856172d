"""The attack on ftspec: kills, damages, full disks, races, signals, mutated specs, Hub faults.

``python -m tests.chaos`` runs it and prints one table.
"""
