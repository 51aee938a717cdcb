using NSubstitute;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Records;
using Xen2Kvm.Web.Components.Pages.Records;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class RecordsPagesTests : PageTest
{
    [Fact]
    public async Task A_whole_chain_is_said_with_its_length_and_when_it_was_checked()
    {
        Verdict(new AuditVerdict(Sample.Now, 1204, 1204, "ab", null));
        Words(await DrawAsync<ChainState>()).ShouldContain("Chain whole 1,204 entries, each as it was written; checked ");
    }

    [Fact]
    public async Task A_broken_chain_names_the_entry_what_it_means_and_what_to_do()
    {
        Verdict(new AuditVerdict(Sample.Now, 16, 16, "ab", new AuditFault(AuditFaultKind.Missing, 18)));
        var markup = await DrawAsync<ChainState>();
        Words(markup).ShouldContain("The log is not what was written. Entries before entry 18 were removed.");
        Words(markup).ShouldContain("compare it with an earlier export or backup");
        markup.ShouldContain("role=\"alert\"");
        markup.ShouldContain("href=\"/audit?before=19\"");
    }

    private void Verdict(AuditVerdict verdict) => Audit.VerifyAsync(Arg.Any<CancellationToken>()).Returns(verdict);
}
