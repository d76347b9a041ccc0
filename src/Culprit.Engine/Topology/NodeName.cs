using System.Net;
using System.Text.RegularExpressions;

namespace Culprit.Engine.Topology;

/// <summary>Turns the name of a service, or a host as it stands in a message, into the name of a graph node.</summary>
/// <remarks>
/// In this order: lower case; scheme, user and path of a URL go; so does a port; an address stays as it is;
/// a private domain goes (<c>x.ns.svc</c>, <c>x.ns.svc.cluster.local</c>, <c>x.internal</c>, <c>x.local</c>, <c>x.lan</c>);
/// <c>_</c> becomes <c>-</c>; the suffix of a replica goes (<c>-0</c> to <c>-999</c> after a letter,
/// <c>-7d9f8b6c5-x2x4z</c>). Public domains stay whole, because <c>api.example.com</c> is not <c>api</c>.
/// Two names are related only when they are equal afterwards: <c>postgres-primary</c> is not <c>postgres</c>.
/// </remarks>
internal static partial class NodeName
{
    /// <summary>Longest name that is kept, in characters; senders choose names.</summary>
    public const int MaxLength = 200;

    private static readonly HashSet<string> PrivateDomains =
        new(["local", "localdomain", "internal", "lan", "intranet", "svc"], StringComparer.Ordinal);

    public static string Normalise(string name)
    {
        var text = name.Trim();
        text = (text.Length > MaxLength ? text[..MaxLength] : text).ToLowerInvariant();
        text = WithoutUrlParts(text);
        text = WithoutPort(text);
        if (IPAddress.TryParse(text, out _))
        {
            return text;
        }

        text = WithoutPrivateDomain(text.TrimEnd('.')).Replace('_', '-');
        var replica = ReplicaSuffix().Match(text);
        return replica is { Success: true, Index: > 0 } ? text[..replica.Index] : text;
    }

    private static string WithoutUrlParts(string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            text = text[(scheme + 3)..];
        }

        var end = text.AsSpan().IndexOfAny('/', '?', '#');
        text = end > 0 ? text[..end] : text;
        var user = text.LastIndexOf('@');
        return user >= 0 && user < text.Length - 1 ? text[(user + 1)..] : text;
    }

    private static string WithoutPort(string text)
    {
        if (text.StartsWith('[') && text.IndexOf(']', StringComparison.Ordinal) is > 0 and var close)
        {
            return text[1..close];
        }

        var colon = text.LastIndexOf(':');
        var isPort = colon > 0
            && text.IndexOf(':', StringComparison.Ordinal) == colon
            && colon < text.Length - 1
            && text.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0;
        return isPort ? text[..colon] : text;
    }

    private static string WithoutPrivateDomain(string text)
    {
        var labels = text.Split('.');
        var isPrivate = labels.Length > 1
            && (PrivateDomains.Contains(labels[^1]) || Array.IndexOf(labels, "svc", 1) > 0);
        return isPrivate && labels[0].Length > 0 ? labels[0] : text;
    }

    // Kubernetes writes the random part of a pod's name without vowels, so that it spells nothing.
    [GeneratedRegex("-(?=[a-z]*[0-9])[a-z0-9]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$|(?<=[a-z])-[0-9]{1,3}$")]
    private static partial Regex ReplicaSuffix();
}
