using Xen2Kvm.Agent.Blocks;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary>The opened targets of a job: one per path, shared by the disks that land in it.</summary>
internal sealed class TargetSet : IDisposable
{
    private readonly Dictionary<string, IBlockTarget> _byPath = new(StringComparer.Ordinal);

    /// <exception cref="TransferException">A target is missing, too short, or two disks would overwrite each other.</exception>
    public TargetSet(StateDirectory state, Hello hello)
    {
        try
        {
            Disks = [.. hello.Disks.Select((disk, index) => new DeclaredDisk(index, disk, Open(state, disk, hello.Slot)))];
            CheckOverlaps(hello.Disks);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<DeclaredDisk> Disks { get; }

    public IReadOnlyList<string> Notes => [.. _byPath.Values.Select(t => t.Note).OfType<string>()];

    public void Dispose()
    {
        foreach (IBlockTarget target in _byPath.Values)
            target.Dispose();
    }

    private IBlockTarget Open(StateDirectory state, HelloDisk disk, int slot)
    {
        TransferTarget place = disk.Target;
        try
        {
            if (!_byPath.TryGetValue(place.Path, out IBlockTarget? target))
                _byPath[place.Path] = target = place.Kind switch
                {
                    "nbd" => NbdTarget.Open(place.Path),
                    "qcow2" => QemuNbd.Open(place.Path, state.File("nbd"), awaitEnd: slot == 0),
                    _ => OpenRaw(place),
                };
            if (place.Offset > target.Size - disk.Length)
                throw new TransferException(
                    $"the target {place.Path} holds {target.Size} bytes, but disk {disk.Id} needs {disk.Length} bytes at offset {place.Offset}: "
                    + $"make it at least {place.Offset + disk.Length} bytes");
            return target;
        }
        catch (TransferException e)
        {
            throw new TransferException($"disk {disk.Id}: {e.Message}", e.IsTransient, e) { Disk = disk.Id };
        }
    }

    private static RawFile OpenRaw(TransferTarget place)
    {
        RawFile file = RawFile.Open(place.Path, write: true);
        if (file.IsBlock == (place.Kind == "block"))
            return file;
        file.Dispose();
        throw new TransferException($"the target {place.Path} is a {(file.IsBlock ? "block device" : "file")}, the job says kind '{place.Kind}'");
    }

    private void CheckOverlaps(IReadOnlyList<HelloDisk> disks)
    {
        for (int i = 0; i < disks.Count; i++)
            for (int j = 0; j < i; j++)
            {
                HelloDisk a = disks[i], b = disks[j];
                if (Identity(a) == Identity(b) && a.Target.Offset < b.Target.Offset + b.Length && b.Target.Offset < a.Target.Offset + a.Length)
                    throw new TransferException($"disks {b.Id} and {a.Id} overlap in {a.Target.Path}: give them ranges of their own") { Disk = a.Id };
            }
    }

    private string Identity(HelloDisk disk) => _byPath[disk.Target.Path] is RawFile file ? file.Identity : disk.Target.Path;
}
