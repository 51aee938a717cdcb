using System.Text;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class TotpTests
{
    private static readonly byte[] _key = Encoding.ASCII.GetBytes("12345678901234567890");

    // RFC 6238, appendix B, the last six digits.
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void The_codes_are_those_of_the_standard(long seconds, string code) =>
        Totp.CodeOf(_key, Totp.StepOf(DateTimeOffset.FromUnixTimeSeconds(seconds))).ShouldBe(code);

    // RFC 4648, section 10, without padding.
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void A_key_is_written_as_the_standard_says(string bytes, string text) => Totp.ToBase32(Encoding.ASCII.GetBytes(bytes)).ShouldBe(text);

    [Theory]
    [InlineData(-2, false)]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void A_clock_may_be_half_a_minute_off(int steps, bool taken)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1234567890);
        Totp.Match(_key, Totp.CodeOf(_key, Totp.StepOf(now) + steps), now, 0).HasValue.ShouldBe(taken);
    }

    [Fact]
    public void A_code_is_taken_once_and_no_earlier_one_after_it()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1234567890);
        var step = Totp.StepOf(now);
        Totp.Match(_key, Totp.CodeOf(_key, step), now, step).ShouldBeNull();
        Totp.Match(_key, Totp.CodeOf(_key, step - 1), now, step).ShouldBeNull();
        Totp.Match(_key, Totp.CodeOf(_key, step + 1), now, step).ShouldBe(step + 1);
    }
}
