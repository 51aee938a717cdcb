using System.Text;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>
/// Backslash escapes in quoted strings. xl knows \" \' \\ \a \b \f \n \r \t \v, \xHH and octal (libxlu_cfg.c, xlu__cfgl_dequote) and refuses
/// others; Python leaves an unknown escape as it stands, which is what is done here.
/// </summary>
internal static class XlEscape
{
    /// <summary>Reads the escape that starts at the cursor's backslash.</summary>
    public static void Read(XlTextCursor cursor, StringBuilder text)
    {
        var c = cursor.Peek(1);
        cursor.Advance(2);
        switch (c)
        {
            case '"' or '\'' or '\\':
                text.Append(c);
                break;
            case 'a':
                text.Append('\a');
                break;
            case 'b':
                text.Append('\b');
                break;
            case 'f':
                text.Append('\f');
                break;
            case 'n':
                text.Append('\n');
                break;
            case 'r':
                text.Append('\r');
                break;
            case 't':
                text.Append('\t');
                break;
            case 'v':
                text.Append('\v');
                break;
            case '\n':
                // Python joins the lines.
                break;
            case 'x' when char.IsAsciiHexDigit(cursor.Current) && char.IsAsciiHexDigit(cursor.Peek(1)):
                text.Append((char)Convert.ToInt32($"{cursor.Current}{cursor.Peek(1)}", 16));
                cursor.Advance(2);
                break;
            case >= '0' and <= '7':
                var code = c - '0';
                for (var digits = 1; digits < 3 && cursor.Current is >= '0' and <= '7'; digits++)
                {
                    code = (code * 8) + (cursor.Current - '0');
                    cursor.Advance();
                }

                text.Append((char)(code & 0xff));
                break;
            case '\0' when cursor.AtEnd:
                text.Append('\\');
                break;
            default:
                text.Append('\\').Append(c);
                break;
        }
    }
}
