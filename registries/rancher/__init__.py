"""Client for the part of Rancher 1.x's API that Corral needs: typed and total. Imports no Django.

    client.Client → resources → outbound.transport, decode → types, errors

Rancher's answers are described in `rancher.md` and the recordings, network faults in `faults.md`.
"""
