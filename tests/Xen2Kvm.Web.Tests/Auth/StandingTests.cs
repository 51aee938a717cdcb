using System.Security.Claims;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class StandingTests
{
    private static readonly HostGroup _paris = new(Guid.NewGuid(), "paris");
    private static readonly HostGroup _oslo = new(Guid.NewGuid(), "oslo");
    private static readonly Guid _wave = Guid.NewGuid();
    private static readonly GroupedHost _xen = new(Guid.NewGuid(), "xen1", _paris);
    private static readonly GroupedHost _kvm = new(Guid.NewGuid(), "kvm1", _paris);
    private static readonly GroupedHost _far = new(Guid.NewGuid(), "kvm2", _oslo);
    private static readonly GroupedHost _free = new(Guid.NewGuid(), "kvm3", null);
    private static readonly Place _move = new([_xen, _kvm]);

    [Fact]
    public void A_role_on_a_group_counts_only_when_every_host_is_in_such_a_group()
    {
        var olga = With(Roles.Viewer, In(_paris, Roles.Operator));
        olga.Has(Roles.Operator, _move).ShouldBeTrue();
        olga.Has(Roles.Approver, _move).ShouldBeFalse();
        olga.Has(Roles.Operator, new Place([_xen, _far])).ShouldBeFalse();
        olga.Has(Roles.Operator, new Place([_xen, _free])).ShouldBeFalse("a host without a group is in nobody's group");
        olga.Has(Roles.Operator, Place.Whole).ShouldBeFalse("no host at all is the whole installation, not every host");
        olga.HasSomewhere(Roles.Operator).ShouldBeTrue();
        With(Roles.Viewer, In(_paris, Roles.Approver), In(_oslo, Roles.Operator)).Has(Roles.Operator, new Place([_xen, _far])).ShouldBeTrue();
        With(Roles.Viewer, In(_paris, Roles.Approver), In(_oslo, Roles.Operator)).Has(Roles.Approver, new Place([_xen, _far])).ShouldBeFalse("the lesser role counts");
    }

    [Fact]
    public void A_role_on_a_wave_counts_in_that_wave_whatever_its_hosts()
    {
        var petra = With(Roles.Viewer, new Grant(Roles.Approver, null, _wave));
        petra.Has(Roles.Approver, new Place([_xen, _free], _wave)).ShouldBeTrue();
        petra.Has(Roles.Operator, new Place([], _wave)).ShouldBeTrue();
        petra.Has(Roles.Operator, new Place([_xen], Guid.NewGuid())).ShouldBeFalse();
        petra.Has(Roles.Operator, new Place([_xen])).ShouldBeFalse();
    }

    [Theory]
    [InlineData(Roles.Viewer, false, false)]
    [InlineData(Roles.Operator, true, false)]
    [InlineData(Roles.Approver, true, true)]
    [InlineData(Roles.Admin, true, true)]
    public void A_role_for_everything_counts_everywhere(string role, bool operates, bool approves)
    {
        foreach (var place in new[] { Place.Whole, _move, new Place([_free], _wave) })
        {
            With(role).Has(Roles.Operator, place).ShouldBe(operates);
            With(role).Has(Roles.Approver, place).ShouldBe(approves);
        }

        With(role).Has(Roles.Admin, Place.Whole).ShouldBe(role == Roles.Admin);
    }

    [Fact]
    public void Why_not_names_the_hosts_on_which_the_role_is_lacking()
    {
        var olga = With(Roles.Viewer, In(_paris, Roles.Operator));
        olga.WhyNot(Roles.Operator, _move).ShouldBeNull();
        olga.WhyNot(Roles.Operator, new Place([_xen, _far, _free])).ShouldBe(
            "This needs the role Operator on kvm2 (group oslo), kvm3 (no group), and you have it elsewhere only. Ask a person with the role Admin.");
        olga.WhyNot(Roles.Operator, Place.Whole).ShouldBe("This needs the role Operator for everything, and you have it elsewhere only. Ask a person with the role Admin.");
        olga.WhyNot(Roles.Approver, _move).ShouldBe("Approving needs the role Approver or Admin.");
        olga.WhyNot(Roles.Admin, Place.Whole).ShouldBe("Your role may not do this. Ask a person with the role Admin.");
        With(Roles.Viewer).WhyNot(Roles.Operator, _move).ShouldBe("Your role may look but not act. Ask a person with the role Operator or Admin.");
        var many = Enumerable.Range(0, 200).Select(number => new GroupedHost(Guid.NewGuid(), $"x{number}", null)).ToList();
        olga.WhyNot(Roles.Operator, new Place(many))!.ShouldContain("on x0 (no group), x1 (no group), x2 (no group), x3 (no group), x4 (no group) and 195 more hosts");
    }

    [Fact]
    public void A_token_caps_the_role_everywhere_and_leaves_only_the_groups_it_names()
    {
        var petra = With(Roles.Operator, In(_paris, Roles.Approver), new Grant(Roles.Approver, null, _wave));
        var plain = petra.Under(Token(Roles.Operator));
        plain.Has(Roles.Operator, Place.Whole).ShouldBeTrue();
        plain.Has(Roles.Approver, _move).ShouldBeFalse();
        petra.Under(Token(Roles.Viewer)).HasSomewhere(Roles.Operator).ShouldBeFalse();

        var limited = petra.Under(Token(Roles.Admin, _paris.Id, _oslo.Id));
        limited.Role.ShouldBe(Roles.Viewer);
        limited.Has(Roles.Approver, _move).ShouldBeTrue();
        limited.Has(Roles.Operator, new Place([_xen, _far])).ShouldBeTrue("the role for everything holds in the other group, too");
        limited.Has(Roles.Approver, new Place([_far])).ShouldBeFalse();
        limited.Has(Roles.Operator, new Place([_free])).ShouldBeFalse();
        limited.Has(Roles.Operator, new Place([_free], _wave)).ShouldBeFalse("a limit to groups leaves no role on waves");
        With(Roles.Admin).Under(Token(Roles.Admin, _paris.Id)).Has(Roles.Approver, _move).ShouldBeTrue();
        With(Roles.Viewer).Under(Token(Roles.Admin, _paris.Id)).HasSomewhere(Roles.Operator).ShouldBeFalse();
    }

    [Fact]
    public void A_request_carries_it_whole()
    {
        var petra = With(Roles.Viewer, In(_paris, Roles.Approver), new Grant(Roles.Operator, null, _wave));
        var read = Standing.Of(new ClaimsPrincipal(new ClaimsIdentity(petra.ToClaims(), "test")));
        read.IsSame(petra).ShouldBeTrue();
        read.IsSame(petra with { Grants = [petra.Grants[0]] }).ShouldBeFalse();
        read.IsSame(petra with { Role = Roles.Operator }).ShouldBeFalse();
        Standing.Of(new ClaimsPrincipal()).IsSame(new Standing(null, [])).ShouldBeTrue();
    }

    private static Standing With(string role, params Grant[] grants) => new(role, grants);

    private static Grant In(HostGroup group, string role) => new(role, group.Id, null);

    private static ApiToken Token(string role, params Guid[] groups) =>
        new(Guid.NewGuid(), "ci", "petra", role, "all", default, null, null) { Groups = groups.Length == 0 ? null : groups };
}
