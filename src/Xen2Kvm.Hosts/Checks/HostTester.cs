using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Libvirt;
using Xen2Kvm.Hosts.Scripts;

namespace Xen2Kvm.Hosts.Checks;

/// <summary>Tests a host in small named checks. A fault of the host is a result, never an exception.</summary>
internal sealed class HostTester(IRemoteShell shell, Host host, TimeProvider time)
{
    private readonly List<HostCheck> _checks = [];

    /// <summary>Runs the checks in order; those that need a failed one are listed as not tried.</summary>
    public async Task<IReadOnlyList<HostCheck>> RunAsync(CancellationToken cancellationToken)
    {
        var connected = await TryAsync("SSH connection", ConnectAsync).ConfigureAwait(false);
        var root = connected && await TryAsync("Root", RootAsync).ConfigureAwait(false);
        if (!connected)
        {
            Skip("Root");
        }

        if (!root)
        {
            Skip(host.Kind == HostKind.Xen ? "Xen toolstack" : "libvirt");
            Skip("Tools");
            Skip("Free space");
            return _checks;
        }

        await TryAsync("Tools", ToolsAsync).ConfigureAwait(false);
        if (host.Kind == HostKind.Kvm)
        {
            await TryAsync("KVM", KvmAsync).ConfigureAwait(false);
        }

        return _checks;

        async Task<bool> TryAsync(string name, Func<CancellationToken, Task> check)
        {
            try
            {
                await check(cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (RemoteException error)
            {
                _checks.Add(new(name, false, error.Message, HostFixes.Of(error, host)));
                return false;
            }
        }
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var said = await shell.CheckAsync(new RemoteCommand("id", "-un") { AsRoot = false }, cancellationToken).ConfigureAwait(false);
        var fingerprint = host.Ssh.HostKey is { } key ? $", host key {Ssh.PrivateKeyText.Fingerprint(key)}" : "";
        _checks.Add(new("SSH connection", true,
            $"connected to {host.Ssh.Address} port {host.Ssh.Port} as {said.Trim()} in {time.GetElapsedTime(started).TotalMilliseconds:0} ms{fingerprint}"));
    }

    private async Task RootAsync(CancellationToken cancellationToken)
    {
        var id = (await shell.CheckAsync(new RemoteCommand("id", "-u"), cancellationToken).ConfigureAwait(false)).Trim();
        if (id != "0")
        {
            throw new RemoteException(RemoteFailure.Sudo, host.Name, $"commands run as {host.Ssh.User} (id {id}), not as root");
        }

        _checks.Add(new("Root", true, host.Ssh.UseSudo ? "through sudo" : "as root"));
    }

    private async Task ToolsAsync(CancellationToken cancellationToken)
    {
        var kind = host.Kind == HostKind.Xen ? "xen" : "kvm";
        var output = await HostScripts.RunAsync(shell, HostScripts.Command("host-check.sh", kind), "looking for tools", cancellationToken).ConfigureAwait(false);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('|', 3)).Where(words => words.Length == 3).ToList();
        var family = lines.FirstOrDefault(words => words[0] == "family")?[2] ?? "";
        foreach (var words in lines.Where(words => words[0] != "family"))
        {
            var passed = words[1] == "ok";
            _checks.Add(new(HostFixes.Title(words[0], host.Kind), passed, words[2].Trim(), passed ? null : HostFixes.Install(words[0], host.Kind, family)));
        }
    }

    private async Task KvmAsync(CancellationToken cancellationToken)
    {
        var answer = await KvmHost.ProbeKvmAsync(shell, cancellationToken).ConfigureAwait(false);
        var space = answer.IndexOf(' ', StringComparison.Ordinal);
        bool? passed = answer[..Math.Max(space, 0)] switch { "yes" => true, "no" => false, _ => null };
        _checks.Add(new("KVM", passed, answer[(space + 1)..], passed == true
            ? null
            : "Switch on VT-x or AMD-V in the firmware (nested virtualisation if the host is itself a guest) and load kvm_intel or kvm_amd. " +
              "Until then guests are emulated, many times slower."));
    }

    private void Skip(string name) => _checks.Add(new(name, null, "not tried, because an earlier check failed"));
}
