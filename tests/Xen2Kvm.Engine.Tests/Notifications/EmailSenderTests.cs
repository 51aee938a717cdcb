using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Notifications;

namespace Xen2Kvm.Engine.Tests.Notifications;

public sealed class EmailSenderTests
{
    private static readonly Guid Run = Guid.Parse("11111111-2222-3333-4444-555555555555");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_mail_reaches_every_receiver_with_text_link_and_an_id_that_stays_the_same()
    {
        await using var sink = new SmtpSink();
        var told = Told("files runs on kvm1");
        (await SendAsync(sink, told)).ShouldBe(new DeliveryReport(true, "127.0.0.1 took the mail to ann@example.org, Night Shift <night@example.org>."));
        sink.Lines.ShouldContain("MAIL FROM:<x2k@example.org>");
        sink.Lines.ShouldContain("RCPT TO:<ann@example.org>");
        sink.Lines.ShouldContain("RCPT TO:<night@example.org>");
        sink.All.ShouldContain("[Xen2Kvm] files runs on kvm1");
        var body = sink.All.Replace("=\n", "");
        body.ShouldContain("It was down for 4 min.");
        body.ShouldContain($"https://x2k.example.org/runs/{Run}");
        sink.Lines.ShouldContain($"Message-ID: <{told.Id:N}@xen2kvm>");
    }

    [Theory]
    [InlineData("files\r\nBcc: eve@example.org")]
    [InlineData("files\nX-Evil: 1\n\nbody")]
    [InlineData("files\u2028Bcc: eve@example.org\0")]
    public async Task A_guests_name_adds_no_line_to_the_header(string title)
    {
        await using var sink = new SmtpSink();
        (await SendAsync(sink, Told(title))).IsDelivered.ShouldBeTrue();
        var header = sink.Lines.SkipWhile(line => line != "DATA").TakeWhile(line => line.Length > 0).ToList();
        header.ShouldNotContain(line => line.StartsWith("Bcc", StringComparison.OrdinalIgnoreCase) || line.StartsWith("X-Evil", StringComparison.Ordinal));
        sink.Lines.Count(line => line.StartsWith("RCPT", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task A_server_that_refuses_is_reported_in_its_own_words()
    {
        await using var sink = new SmtpSink { AnswerToReceiver = "550 5.1.1 nobody of that name" };
        var report = await SendAsync(sink, Told("x"));
        report.IsDelivered.ShouldBeFalse();
        report.Answer.ShouldContain("did not take the mail");
        report.Answer.ShouldContain("nobody of that name");
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up_in_time()
    {
        await using var sink = new SmtpSink { IsMute = true };
        var report = await SendAsync(sink, Told("x"), limit: TimeSpan.FromMilliseconds(300));
        report.ShouldBe(new DeliveryReport(false, $"127.0.0.1:{sink.Port} did not take the mail within 0 s."));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_password_goes_to_a_server_without_encryption_or_with_a_certificate_that_nobody_trusts(bool hasTls)
    {
        await using var sink = new SmtpSink { HasTls = hasTls };
        var report = await SendAsync(sink, Told("x"), user: "x2k", startTls: true);
        report.IsDelivered.ShouldBeFalse();
        report.Answer.ShouldContain(hasTls ? "certificate" : "secure");
        sink.All.ShouldNotContain("AUTH");
        sink.All.ShouldNotContain("MAIL FROM");
    }

    private static async Task<DeliveryReport> SendAsync(SmtpSink sink, Notification told, string? user = null, bool startTls = false, TimeSpan? limit = null)
    {
        var options = new NotificationOptions { PublicUrl = "https://x2k.example.org/", MailTimeout = limit ?? TimeSpan.FromSeconds(30) };
        var target = new EmailTarget
        {
            Host = "127.0.0.1", Port = sink.Port, StartTls = startTls, User = user, From = "Xen2Kvm <x2k@example.org>",
            To = "ann@example.org, Night Shift <night@example.org>",
        };
        target.Faults().ShouldBeEmpty();
        return await new EmailSender(Options.Create(options)).SendAsync(target, user is null ? null : "pass word", told, Token);
    }

    private static Notification Told(string title) => new(Guid.NewGuid(), NotificationKind.RunFinished, Run, default, title, "It was down for 4 min.");
}
