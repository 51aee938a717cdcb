using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class PlanStoreTests(Store store) : IClassFixture<Store>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plan_comes_back_whole_and_can_be_replaced()
    {
        var plan = Some.Plan();
        await store.Plans.SaveAsync(plan, Token);
        (await store.Plans.FindAsync(plan.Id, Token)).ShouldHoldTheSameAs(plan);
        var changed = plan with { Acknowledged = [], ShutdownTimeoutSeconds = 7 };
        await store.Plans.SaveAsync(changed, Token);
        (await store.Plans.FindAsync(plan.Id, Token)).ShouldHoldTheSameAs(changed);
        (await store.Plans.FindAsync(Guid.NewGuid(), Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Plans_are_listed_newest_first()
    {
        var (old, young) = (Some.Plan() with { CreatedAt = Some.Time.AddYears(-2) }, Some.Plan() with { CreatedAt = Some.Time.AddYears(1) });
        await store.Plans.SaveAsync(young, Token);
        await store.Plans.SaveAsync(old, Token);
        var ids = (await store.Plans.ListAsync(Token)).Select(plan => plan.Id).ToList();
        ids[0].ShouldBe(young.Id);
        ids[^1].ShouldBe(old.Id);
    }

    [Fact]
    public async Task The_latest_plan_of_each_guest_is_told_without_its_document()
    {
        var host = Guid.NewGuid();
        var old = Some.Plan() with { SourceHostId = host, CreatedAt = Some.Time };
        var young = old with { Id = Guid.NewGuid(), CreatedAt = Some.Time.AddDays(1) };
        var elsewhere = old with { Id = Guid.NewGuid(), SourceHostId = Guid.NewGuid() };
        foreach (var plan in new[] { young, old, elsewhere })
        {
            await store.Plans.SaveAsync(plan, Token);
        }

        var latest = await store.Plans.ListLatestAsync(Token);
        latest.Where(plan => plan.SourceHostId == host).ShouldHaveSingleItem().ShouldBe(new(young.Id, host, young.Source.Name));
        latest.ShouldContain(plan => plan.Id == elsewhere.Id);
    }
}
