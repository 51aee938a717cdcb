using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Persistence.Tests.Support;

/// <summary>What another node of the database hears.</summary>
internal static class Hearing
{
    /// <summary>Changes something and waits until a listener of its own hears of it; others may be heard of before, for tests share the database.</summary>
    public static async Task ShouldBeHeardAsync(this Store store, ChangeKind of, Guid id, Func<Task> change)
    {
        var token = TestContext.Current.CancellationToken;
        using var listener = ActivatorUtilities.CreateInstance<ChangeListener>(store.Services);
        await listener.StartAsync(token);
        await listener.Listening.WaitAsync(TimeSpan.FromSeconds(30), token);
        var heard = Channel.CreateUnbounded<Guid>();
        using var wanted = listener.Subscribe(of, changed => heard.Writer.TryWrite(changed));
        await change();
        while (await heard.Reader.ReadAsync(token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), token) != id)
        {
        }

        await listener.StopAsync(CancellationToken.None);
    }
}
