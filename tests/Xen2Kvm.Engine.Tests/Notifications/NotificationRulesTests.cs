using System.Net;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Notifications;

namespace Xen2Kvm.Engine.Tests.Notifications;

public sealed class NotificationRulesTests
{
    private static readonly Channel Mail = new()
    {
        Id = Guid.NewGuid(), Name = "mail", Email = new EmailTarget { Host = "mail.example.org", User = "x2k", From = "x2k@example.org", To = "ann@example.org" },
    };

    [Theory]
    [InlineData("93.184.216.34", true)]
    [InlineData("2606:2800:220:1::1", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.255.0.9", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.1.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:93.184.216.34", true)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001:0:1::", false)]
    [InlineData("fd00::1", false)]
    [InlineData("fe80::1%2", false)]
    [InlineData("fec0::1", false)]
    [InlineData("ff02::1", false)]
    public void Webhooks_go_to_the_public_internet_only(string address, bool allowed) => Guard().Allows(IPAddress.Parse(address)).ShouldBe(allowed);

    [Fact]
    public void What_the_settings_name_is_allowed_too_and_nothing_beside_it()
    {
        var guard = Guard("10.20.0.0/16", "127.0.0.1", "fd00:1::/32");
        foreach (var inside in new[] { "10.20.3.4", "127.0.0.1", "::ffff:127.0.0.1", "fd00:1::9" })
        {
            guard.Allows(IPAddress.Parse(inside)).ShouldBeTrue(inside);
        }

        foreach (var beside in new[] { "10.21.0.1", "127.0.0.2", "fd00:2::9" })
        {
            guard.Allows(IPAddress.Parse(beside)).ShouldBeFalse(beside);
        }

        new NotificationOptions { AllowedNetworks = { "10.20.0.0/99" } }.TryReadNetworks(out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 40)]
    [InlineData(4, 640)]
    [InlineData(7, 14400)]
    [InlineData(8, null)]
    [InlineData(900, null)]
    public void The_pause_between_tries_grows_until_it_is_given_up(int failures, int? seconds) =>
        NotificationWorker.PauseAfter(failures, TimeSpan.FromSeconds(10)).ShouldBe(seconds is { } s ? TimeSpan.FromSeconds(s) : null);

    [Fact]
    public void A_signature_is_what_any_other_program_computes() =>
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'a shared secret!'
        WebhookSender.Sign("a shared secret!", "1700000000", "{\"a\":1}").ShouldBe("sha256=dc34fada727df4d5c0de5123e99f666c5dd38d206fd816616a89055e653ef977");

    [Fact]
    public void A_stored_password_is_not_sent_to_another_server_or_as_another_user()
    {
        var stored = Mail with { HasSecret = true };
        Mail.Check(stored, null);
        foreach (var changed in new[]
        {
            Mail.Email! with { Host = "mail.example.net" }, Mail.Email! with { Port = 25 }, Mail.Email! with { User = "root" },
        })
        {
            Should.Throw<RefusedException>(() => (Mail with { Email = changed }).Check(stored, null)).Message.ShouldContain("Enter the password");
            (Mail with { Email = changed }).Check(stored, "entered anew");
        }
    }

    [Fact]
    public void Every_fault_of_a_channel_is_named_at_once()
    {
        var wrong = new EmailTarget { Host = "a b", Port = 0, StartTls = false, User = "x", From = "x2k@example.org\r\nBcc: eve@example.org", To = "ann" };
        var message = Should.Throw<RefusedException>(() => (Mail with { Name = " ", Email = wrong }).Check(null, "p")).Message;
        foreach (var part in new[] { "name of 1 to 100", "name of a mail server", "port is 0", "turn STARTTLS on", "Give a sender", "addresses of the receivers" })
        {
            message.ShouldContain(part);
        }
    }

    [Theory]
    [InlineData("ftp://example.org/", "a secret of some length", "Give an address like")]
    [InlineData("https://user:word@example.org/", "a secret of some length", "Give an address like")]
    [InlineData("/hook", "a secret of some length", "Give an address like")]
    [InlineData("https://example.org/", "short", "at least 16")]
    [InlineData("https://example.org/", null, "at least 16")]
    public void A_webhook_needs_a_plain_address_and_a_secret(string url, string? secret, string fault) =>
        Should.Throw<RefusedException>(() => new Channel { Id = Guid.NewGuid(), Name = "hook", Webhook = new(url) }.Check(null, secret)).Message.ShouldContain(fault);

    private static AddressGuard Guard(params string[] allowed)
    {
        var options = new NotificationOptions();
        foreach (var network in allowed)
        {
            options.AllowedNetworks.Add(network);
        }

        return new AddressGuard(Options.Create(options));
    }
}
