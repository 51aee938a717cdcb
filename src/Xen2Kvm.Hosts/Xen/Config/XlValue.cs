using System.Globalization;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>A value of an xl or xm config, with where it stands.</summary>
/// <param name="Line">Line of its first character, from 1.</param>
/// <param name="Column">Column of its first character, from 1.</param>
public abstract record XlValue(int Line, int Column)
{
    /// <summary>The text that xl sees for an atom: a string without its quotes, a number as written; null for a list.</summary>
    public abstract string? AsText { get; }

    /// <summary>
    /// The number xl sees: it reads strings and numbers alike with <c>strtol(text, NULL, 0)</c>, so <c>'2048'</c>, <c>0x800</c> and
    /// <c>04000</c> are the same (libxlu_cfg.c, xlu_cfg_get_long). Python's True and False are 1 and 0. Null when it is no number.
    /// </summary>
    public abstract long? AsNumber { get; }

    /// <summary>The items of a list or tuple; an atom counts as a list of itself, as xl allows for some keys.</summary>
    public abstract IReadOnlyList<XlValue> AsList { get; }
}

/// <summary>A quoted string.</summary>
/// <param name="Text">The text without quotes, escapes resolved.</param>
/// <param name="Line">Line of its first character, from 1.</param>
/// <param name="Column">Column of its first character, from 1.</param>
public sealed record XlString(string Text, int Line, int Column) : XlValue(Line, Column)
{
    /// <inheritdoc/>
    public override string? AsText => Text;

    /// <inheritdoc/>
    public override long? AsNumber => XlNumber.Read(Text.Trim());

    /// <inheritdoc/>
    public override IReadOnlyList<XlValue> AsList => [this];
}

/// <summary>An unquoted number, or Python's True and False.</summary>
/// <param name="Text">As written in the file.</param>
/// <param name="Value">Its value; null for what is no whole number (1.5).</param>
/// <param name="Line">Line of its first character, from 1.</param>
/// <param name="Column">Column of its first character, from 1.</param>
public sealed record XlNumber(string Text, long? Value, int Line, int Column) : XlValue(Line, Column)
{
    /// <inheritdoc/>
    public override string? AsText => Text;

    /// <inheritdoc/>
    public override long? AsNumber => Value;

    /// <inheritdoc/>
    public override IReadOnlyList<XlValue> AsList => [this];

    /// <summary>Reads a number as strtol with base 0 does, plus Python's 0o, 0b and trailing L.</summary>
    internal static long? Read(string text)
    {
        var negative = text.StartsWith('-');
        var digits = negative || text.StartsWith('+') ? text[1..] : text;

        if (digits.Length > 1 && digits[^1] is 'l' or 'L')
        {
            digits = digits[..^1];
        }

        var (radix, body) = digits switch
        {
            ['0', 'x' or 'X', .. var hex] => (16, hex),
            ['0', 'o' or 'O', .. var octal] => (8, octal),
            ['0', 'b' or 'B', .. var binary] => (2, binary),
            ['0', _, ..] => (8, digits[1..]),
            _ => (10, digits),
        };

        if (body.Length == 0)
        {
            return null;
        }

        long value = 0;
        foreach (var c in body)
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : int.MaxValue;
            if (digit >= radix || value > (long.MaxValue - digit) / radix)
            {
                return null;
            }

            value = (value * radix) + digit;
        }

        return negative ? -value : value;
    }
}

/// <summary>A list, or a Python tuple.</summary>
/// <param name="Items">The items in order; lists may nest (vnuma, vsnd).</param>
/// <param name="Line">Line of its first character, from 1.</param>
/// <param name="Column">Column of its first character, from 1.</param>
public sealed record XlList(IReadOnlyList<XlValue> Items, int Line, int Column) : XlValue(Line, Column)
{
    /// <inheritdoc/>
    public override string? AsText => null;

    /// <inheritdoc/>
    public override long? AsNumber => null;

    /// <inheritdoc/>
    public override IReadOnlyList<XlValue> AsList => Items;

    /// <summary>The list as a person would write it.</summary>
    /// <returns>For example <c>[a, [b, 1]]</c>.</returns>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"[{string.Join(", ", Items.Select(item => item.AsText ?? item.ToString()))}]");
}
