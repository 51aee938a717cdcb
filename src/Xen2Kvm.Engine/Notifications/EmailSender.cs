using System.Net;
using System.Net.Mail;
using System.Net.Mime;
using System.Security.Authentication;
using System.Text;
using Microsoft.Extensions.Options;

namespace Xen2Kvm.Engine.Notifications;

/// <summary>Sends notifications as plain mails.</summary>
public sealed class EmailSender(IOptions<NotificationOptions> options)
{
    /// <summary>Sends one; whatever the server does becomes the report.</summary>
    /// <param name="target">Server and receivers.</param>
    /// <param name="password">Password of its user; null without one.</param>
    /// <param name="notification">What to tell.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<DeliveryReport> SendAsync(EmailTarget target, string? password, Notification notification, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.MailTimeout);
        using var message = Message(target, notification);
        using var client = new SmtpClient(target.Host, target.Port) { EnableSsl = target.StartTls };
        if (target.User is not null)
        {
            client.Credentials = new NetworkCredential(target.User, password);
        }

        try
        {
            await client.SendMailAsync(message, limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            return new(true, $"{target.Host} took the mail to {target.To}.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(false, $"{target.Host}:{target.Port} did not take the mail within {options.Value.MailTimeout.TotalSeconds:0} s.");
        }
        catch (Exception failure) when (failure is SmtpException or AuthenticationException or IOException or InvalidOperationException)
        {
            var reason = failure is SmtpException { InnerException: { } inner } ? inner.GetBaseException().Message : failure.Message;
            return new(false, PlainText.OneLine($"{target.Host}:{target.Port} did not take the mail: {reason}"));
        }
    }

    private MailMessage Message(EmailTarget target, Notification notification)
    {
        var message = new MailMessage
        {
            From = new MailAddress(target.From),

            // A guest's name is hostile input: no line of the header ends within it.
            Subject = PlainText.OneLine($"[Xen2Kvm] {notification.Title}"),
            SubjectEncoding = Encoding.UTF8,
            Body = $"{notification.Text}\n\n{options.Value.PublicUrl?.TrimEnd('/')}{notification.Path}\n",
            BodyEncoding = Encoding.UTF8,
            BodyTransferEncoding = TransferEncoding.QuotedPrintable,
        };
        message.Headers["Message-ID"] = $"<{notification.Id:N}@xen2kvm>";
        foreach (var receiver in target.Receivers())
        {
            message.To.Add(new MailAddress(receiver));
        }

        return message;
    }
}
