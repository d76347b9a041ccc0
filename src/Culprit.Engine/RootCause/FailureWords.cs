using System.Text.RegularExpressions;

namespace Culprit.Engine.RootCause;

/// <summary>The words by which messages say how something failed, most specific first.</summary>
internal static partial class FailureWords
{
    private static readonly (BlameKind Kind, Regex Words)[] Kinds =
    [
        (BlameKind.Certificate, Certificate()),
        (BlameKind.Unresolved, Unresolved()),
        (BlameKind.Full, Full()),
        (BlameKind.PoolEmpty, PoolEmpty()),
        (BlameKind.Exhausted, Exhausted()),
        (BlameKind.Deadlock, Deadlock()),
        (BlameKind.Refused, Refused()),
        (BlameKind.Reset, Reset()),
        (BlameKind.Denied, Denied()),
        (BlameKind.TimedOut, TimedOut()),
        (BlameKind.BadAnswer, BadAnswer()),
        (BlameKind.AnsweredError, AnsweredError()),
        (BlameKind.Unavailable, Unavailable()),
        (BlameKind.Slow, Slow()),
        (BlameKind.Failed, Failed()),
    ];

    /// <summary>How the message says that something failed; null when it does not.</summary>
    public static BlameKind? Find(string message)
    {
        foreach (var (kind, words) in Kinds)
        {
            if (words.IsMatch(message))
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>True for a failure that somebody else must have caused, although the message does not say who.</summary>
    public static bool SpeaksOfAnother(string message, BlameKind kind) =>
        kind is BlameKind.TimedOut or BlameKind.Refused or BlameKind.Reset or BlameKind.Unavailable or BlameKind.Unresolved
        || Another().IsMatch(message);

    private const RegexOptions Plain = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    [GeneratedRegex("x509|certificate|tls: |ssl handshake|CERT_HAS_EXPIRED|unable to verify", Plain)]
    private static partial Regex Certificate();

    [GeneratedRegex("no such host|ENOTFOUND|EAI_AGAIN|name or service not known|(?:could not|cannot|failed to) (?:resolve|translate)|name resolution|UnknownHost|NXDOMAIN|SERVFAIL|dns (?:lookup|failure|error|resolution)", Plain)]
    private static partial Regex Unresolved();

    [GeneratedRegex("no space left|disk (?:is )?full|ENOSPC|quota exceeded|(?:queue|buffer|volume|tablespace) (?:is )?full|read-only file system", Plain)]
    private static partial Regex Full();

    [GeneratedRegex("(?:waiting|wait|acquire|obtain|get|borrow)[a-z]* (?:for )?(?:an? )?(?:idle |free |jdbc )?connection|from (?:the )?pool|pool[a-z]*(?:-[0-9]+)? (?:- |is |has been |has |limit |of size )*(?:empty|full|timeout|exhaust|no free|connection is not available|reached|limit)|no free client", Plain)]
    private static partial Regex PoolEmpty();

    [GeneratedRegex("too many (?:connections|clients|requests)|exhaust|no (?:free|available|idle|more) connections|connection slots|max(?:imum)? (?:number of )?clients|throttl|rate limit|\\b429\\b", Plain)]
    private static partial Regex Exhausted();

    [GeneratedRegex("deadlock|lock wait timeout|could not obtain lock|lock timeout", Plain)]
    private static partial Regex Deadlock();

    [GeneratedRegex("refused|ECONNREFUSED", Plain)]
    private static partial Regex Refused();

    [GeneratedRegex("reset by peer|connection (?:was )?reset|ECONNRESET|broken pipe|EPIPE|connection (?:was |is |has been )?closed|closed the connection|unexpected eof|\\beof\\b|socket hang up|server closed", Plain)]
    private static partial Regex Reset();

    [GeneratedRegex("access denied|permission denied|unauthori[sz]ed|forbidden|authentication failed|password authentication|invalid credentials|NOAUTH|WRONGPASS|\\b40[13]\\b", Plain)]
    private static partial Regex Denied();

    [GeneratedRegex("time[d]?[ -]?out|ETIMEDOUT|deadline[ _]?exceeded", Plain)]
    private static partial Regex TimedOut();

    [GeneratedRegex("(?:return|answer|sent|gave|repli|respond|response from|reply from)[a-z]*\\b.{0,60}\\b(?:negative|malformed|unexpected (?:value|format|type|field)|wrong|corrupt|inconsistent|expected an?|without (?:a |the )?[a-z_]+|missing (?:field|value))", Plain)]
    private static partial Regex BadAnswer();

    [GeneratedRegex("(?:answer|return|repli|respond|fail)[a-z]* (?:with )?(?:http |status |code )*50[01]\\b|\\b500 internal server error", Plain)]
    private static partial Regex AnsweredError();

    [GeneratedRegex("unavailable|not available|unreachable|(?:no|without) (?:answer|response|reply)|(?:did|does) not (?:answer|respond|reply)|no route to host|EHOSTUNREACH|is down|gone away|went away|(?:lost|lose) connection|connection (?:was |is )?(?:lost|failed|error|failure)|not responding|no (?:healthy|live) upstream|bad gateway|(?:cannot|can't|could not|couldn't|failed to|unable to) (?:connect|reach|contact)|disconnected|not connected|\\b50[234]\\b", Plain)]
    private static partial Regex Unavailable();

    [GeneratedRegex("slow (?:query|queries|statement|command|call|request|response|answer)|took too long|slower than", Plain)]
    private static partial Regex Slow();

    [GeneratedRegex("fail|error|exception|abort|unexpected|invalid|reject|\\b500\\b", Plain)]
    private static partial Regex Failed();

    [GeneratedRegex("upstream|downstream|gateway|remote (?:server|service|host)|dependency|peer\\b", Plain)]
    private static partial Regex Another();
}
