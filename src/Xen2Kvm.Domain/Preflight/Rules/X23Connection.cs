namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>What the route calls must be there before anything is stopped.</summary>
public sealed class X23Connection() : RuleBase("X23", "The hosts can be reached and have the tools"), IPreflightRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(PreflightFacts facts)
    {
        foreach (var tool in new[] { "xl" }.Where(tool => !facts.Source.Facts.Tools.ContainsKey(tool) && !facts.Source.Facts.Tools.ContainsKey("xm")))
        {
            yield return Blocker($"{facts.SourceHost.Name}:{tool}", $"{facts.SourceHost.Name} has neither xl nor xm.", "not found in PATH", "Install xen-utils-common, or check that this is the dom0.");
        }

        foreach (var (tool, package) in new[] { ("virsh", "libvirt-clients"), ("qemu-img", "qemu-utils"), ("guestfish", "libguestfs-tools"), ("grub-mkimage", "grub-common and grub-pc-bin") })
        {
            if (!facts.Target.Facts.Tools.ContainsKey(tool))
            {
                yield return Blocker($"{facts.TargetHost.Name}:{tool}", $"{facts.TargetHost.Name} has no {tool}.", "not found in PATH", $"Install it there: apt install {package}.");
            }
        }

        if (facts.SourceToTargetError is { Length: > 0 } error)
        {
            yield return Blocker("data path", $"{facts.SourceHost.Name} cannot reach {facts.TargetHost.Name} over SSH.", error, "Data goes from host to host. Open the SSH port between them, or set the target's data address.");
        }

        foreach (var host in new[] { facts.SourceHost, facts.TargetHost }.Where(host => host.Ssh.AllowLegacyAlgorithms))
        {
            yield return Warning(host.Name, $"{host.Name} is reached with old SSH algorithms.", "SHA-1 key exchange is allowed for this host", "Fine inside a trusted network. Switch it off when the host is gone.");
        }
    }
}
