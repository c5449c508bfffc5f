"""A client for the part of Rancher 1.x's API that Corral needs: typed, total, one transport. Imports no Django.

    client.Client → resources → transport (the only importer of requests), decode → types, errors

What Rancher answers is in `rancher.md` and the recordings; what may go wrong in between, in `faults.md`.
"""
