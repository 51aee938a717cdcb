using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Npgsql;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Notifications;

/// <summary>Notifications from the event to a real receiver, through the outbox and the dashboard's own worker.</summary>
public sealed class DeliveryTests(Database database)
{
    private const string Secret = "a secret of some length";

    private static readonly (string, string)[] Quick =
    [
        ("Notifications:AllowedNetworks:0", "127.0.0.1"), ("Notifications:PollEvery", "00:00:00.05"), ("Notifications:RetryAfter", "00:00:00.1"),
        ("Notifications:WebhookTimeout", "00:00:00.5"), ("Dashboard:PublicUrl", "https://x2k.example.org"),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_arrives_signed_with_its_id_and_a_link()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var dashboard = await Dashboard.StartAsync(database, Quick);
        await SaveAsync(dashboard, receiver);
        var raised = Event("files runs on kvm1");
        await dashboard.Get<Notifier>().RaiseAsync(raised, Token);
        var received = await receiver.NextAsync();
        var body = JsonNode.Parse(received.Body)!;
        body["kind"]!.GetValue<string>().ShouldBe("RunFinished");
        body["title"]!.GetValue<string>().ShouldBe("files runs on kvm1");
        body["url"]!.GetValue<string>().ShouldBe($"https://x2k.example.org/runs/{raised.Subject}");
        received.Headers["X-X2K-Id"].ToString().ShouldBe(body["id"]!.GetValue<string>());
        var timestamp = received.Headers["X-X2K-Timestamp"].ToString();
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{timestamp}.{received.Body}"));
        received.Headers["X-X2K-Signature"].ToString().ShouldBe("sha256=" + Convert.ToHexStringLower(expected));
        DateTimeOffset.FromUnixTimeSeconds(long.Parse(timestamp, CultureInfo.InvariantCulture)).ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_receiver_that_fails_or_hangs_gets_it_again_under_the_same_id_until_it_takes_it()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = async (number, context) =>
        {
            context.Response.StatusCode = number == 1 ? 500 : 200;
            if (number == 2)
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        };
        await using var dashboard = await Dashboard.StartAsync(database, Quick);
        await SaveAsync(dashboard, receiver);
        await dashboard.Get<Notifier>().RaiseAsync(Event("once"), Token);
        var ids = new[] { await receiver.NextAsync(), await receiver.NextAsync(), await receiver.NextAsync() }.Select(one => one.Headers["X-X2K-Id"].ToString());
        ids.Distinct().Count().ShouldBe(1);
        await NothingIsLeftAsync(dashboard);
        receiver.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_failure_is_shown_with_the_answer_and_when_it_is_tried_again()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = (_, context) =>
        {
            context.Response.StatusCode = 403;
            return context.Response.WriteAsync("who\r\nare you?");
        };
        await using var dashboard = await Dashboard.StartAsync(database, [.. Quick.Where(setting => setting.Item1 != "Notifications:RetryAfter"), ("Notifications:RetryAfter", "01:00:00")]);
        await SaveAsync(dashboard, receiver);
        await dashboard.Get<Notifier>().RaiseAsync(Event("refused"), Token);
        await receiver.NextAsync();
        var left = await UntilAsync(dashboard, undelivered => undelivered.Count == 1);
        left[0].LastError.ShouldEndWith("answered 403 Forbidden. who are you?");
        left[0].NextAt!.Value.ShouldBe(DateTimeOffset.UtcNow.AddHours(1), TimeSpan.FromMinutes(1));
        receiver.Answer = (_, _) => Task.CompletedTask;
        await dashboard.Get<ChannelService>().RetryAsync(left[0].Id, Token);
        await receiver.NextAsync();
        await NothingIsLeftAsync(dashboard);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var inside = await Receiver.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = (_, context) =>
        {
            context.Response.Redirect(inside.Address + "/admin", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };
        await using var dashboard = await Dashboard.StartAsync(database, Quick);
        var report = await dashboard.Get<ChannelService>().TestAsync(Channel(receiver), Secret, "anna", Token);
        report.IsDelivered.ShouldBeFalse();
        report.Answer.ShouldContain("answered 307 Temporary Redirect and sends on to");
        inside.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Two_nodes_on_one_database_deliver_each_event_once()
    {
        await using var receiver = await Receiver.StartAsync();
        var connection = await database.NewAsync();
        var settings = Quick.Append(("ConnectionStrings:Xen2Kvm", connection)).ToArray();
        await using var one = await Dashboard.StartAsync(database, settings);
        await using var other = await Dashboard.StartAsync(database, [.. settings, ("Dashboard:SecretsKeyFile", Path.Combine(one.StateDirectory, "secrets.key"))]);
        await SaveAsync(one, receiver);
        var events = Enumerable.Range(0, 30).Select(number => Event($"event {number}")).ToList();
        await Task.WhenAll(events.SelectMany(raised => new[] { one, other }.Select(node => node.Get<Notifier>().RaiseAsync(raised, Token))));
        var ids = new List<string>();
        while (ids.Count < events.Count)
        {
            ids.Add((await receiver.NextAsync()).Headers["X-X2K-Id"].ToString());
        }

        ids.Distinct().Count().ShouldBe(events.Count);
        while (await NumberAsync(one, "SELECT count(*) FROM deliveries WHERE delivered_at IS NULL") > 0)
        {
        }

        (await NumberAsync(one, "SELECT max(attempts) FROM deliveries")).ShouldBe(1);
        receiver.Count.ShouldBe(events.Count);
    }

    [Fact]
    public async Task What_a_channel_did_not_ask_for_or_what_came_while_it_was_off_is_not_sent()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var dashboard = await Dashboard.StartAsync(database, Quick);
        var service = dashboard.Get<ChannelService>();
        await service.SaveChannelAsync(Channel(receiver) with { IsEnabled = false }, Secret, "anna", Token);
        await dashboard.Get<Notifier>().RaiseAsync(Event("while off"), Token);
        var channel = (await service.ListChannelsAsync(Token)).Single();
        await service.SaveChannelAsync(channel with { IsEnabled = true, Kinds = [NotificationKind.RunFailed] }, null, "anna", Token);
        await dashboard.Get<Notifier>().RaiseAsync(Event("another kind"), Token);
        await dashboard.Get<Notifier>().RaiseAsync(Event("wanted") with { Kind = NotificationKind.RunFailed }, Token);
        (await receiver.NextAsync()).Body.ShouldContain("\"wanted\"");
        receiver.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9/")]
    [InlineData("http://localhost:9/")]
    [InlineData("http://[::1]:9/")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://10.1.2.3/")]
    [InlineData("http://0x7f000001/")]
    public async Task An_address_inside_is_refused_when_it_is_saved(string url)
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var channel = new Channel { Id = Guid.NewGuid(), Name = "inside", Webhook = new WebhookTarget(url) };
        (await Should.ThrowAsync<RefusedException>(() => dashboard.Get<ChannelService>().SaveChannelAsync(channel, Secret, "anna", Token)))
            .Message.ShouldContain("not on the public internet");
        (await dashboard.Get<ChannelService>().ListChannelsAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_address_inside_is_refused_when_it_is_connected_to_whatever_the_name_meant_before()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var dashboard = await Dashboard.StartAsync(database);

        // Past the check of saving, as a name that meant another address then.
        var report = await dashboard.Get<WebhookSender>().SendAsync(
            new WebhookTarget(receiver.Address), Secret, new Notification(Guid.NewGuid(), NotificationKind.RunFailed, Guid.NewGuid(), default, "t", "x"), Token);
        report.IsDelivered.ShouldBeFalse();
        report.Answer.ShouldContain("not on the public internet");
        receiver.Count.ShouldBe(0);
    }

    private static NotificationEvent Event(string title) => new(NotificationKind.RunFinished, Guid.NewGuid(), "1", title, "text");

    private static Channel Channel(Receiver receiver) => new()
    {
        Id = Guid.NewGuid(), Name = "hook", Kinds = [NotificationKind.RunFinished], Webhook = new WebhookTarget(receiver.Address + "/x2k"),
    };

    private static Task SaveAsync(Dashboard dashboard, Receiver receiver) =>
        dashboard.Get<ChannelService>().SaveChannelAsync(Channel(receiver), Secret, "anna", Token);

    private static async Task<long> NumberAsync(Dashboard dashboard, string sql)
    {
        await using var command = dashboard.Get<NpgsqlDataSource>().CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Token), CultureInfo.InvariantCulture);
    }

    private static Task NothingIsLeftAsync(Dashboard dashboard) => UntilAsync(dashboard, undelivered => undelivered.Count == 0);

    private static async Task<IReadOnlyList<UndeliveredMessage>> UntilAsync(Dashboard dashboard, Func<IReadOnlyList<UndeliveredMessage>, bool> isSo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            var undelivered = await dashboard.Get<ChannelService>().ListUndeliveredAsync(limit.Token);
            if (isSo(undelivered))
            {
                return undelivered;
            }

            await Task.Yield();
        }
    }
}
