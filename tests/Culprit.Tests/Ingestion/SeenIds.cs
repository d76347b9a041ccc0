using System.Text;
using Culprit.Engine.Ingestion;

namespace Culprit.Tests.Ingestion;

/// <summary>Knows the ids that it was asked for before, and those that begin with <c>known</c>.</summary>
internal sealed class SeenIds : IEventIdFilter
{
    private readonly HashSet<string> _seen = [];

    public bool IsRepeat(ReadOnlySpan<byte> id) => id.StartsWith("known"u8) || !_seen.Add(Encoding.UTF8.GetString(id));
}
