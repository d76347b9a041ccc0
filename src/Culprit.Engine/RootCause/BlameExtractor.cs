using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>Reads from an error message which peers it blames, and how they failed.</summary>
internal static class BlameExtractor
{
    /// <summary>Peers of the message; else the resources that it mentions; else, for the words of waiting, an unspecified peer.</summary>
    /// <param name="caller">Who said it; never blamed.</param>
    /// <param name="known">Node names of known services and dependencies.</param>
    public static IReadOnlyList<Blame> Extract(string message, string caller, IReadOnlySet<string> known)
    {
        if (FailureWords.Find(message) is not { } kind)
        {
            return [];
        }

        var quote = QuotedText.Show(message);
        var self = NodeName.Normalise(caller);
        var words = InfrastructureWords.Find(message.Length > PeerScanner.MaxTextLength ? message[..PeerScanner.MaxTextLength] : message);
        var peers = PeerScanner.Find(message, known)
            .Where(m => m.Name != self && InfrastructureWords.Of(m.Name) is not { IsGeneric: true })
            .Select(m => OfPeer(m, kind, quote))
            .DistinctBy(b => (b.Peer, b.Word))
            .ToList();
        if (peers.Count > 0)
        {
            return peers;
        }

        if (words is [var word, ..])
        {
            return [new Blame(null, word.Class, word.Name, kind, quote)];
        }

        return FailureWords.SpeaksOfAnother(message, kind) ? [new Blame(null, ResourceClass.None, null, kind, quote)] : [];
    }

    private static Blame OfPeer(PeerMention mention, BlameKind kind, string quote)
    {
        var word = InfrastructureWords.OfNode(mention.Name) ?? InfrastructureWords.OfPort(mention.Port);

        // A bare address that a known port explains is better called what it is.
        var peer = mention.Form == PeerForm.Address && word is not null ? null : mention.Name;
        return new Blame(peer, word?.Class ?? ResourceClass.None, word?.Name, kind, quote);
    }
}
