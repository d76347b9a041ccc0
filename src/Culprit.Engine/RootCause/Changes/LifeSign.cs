using System.Text;

namespace Culprit.Engine.RootCause.Changes;

/// <summary>What a line says about the life of the process that wrote it.</summary>
/// <param name="IsStart">It has started; else it stops because it was told to.</param>
/// <param name="Versions">Versions that a start states, by the word that each belongs to.</param>
internal sealed record LifeSign(bool IsStart, IReadOnlyList<(string Of, string Version)> Versions, string Text)
{
    /// <summary>Banners say what they have to say at the beginning.</summary>
    private const int MaxBytes = 300;

    /// <summary>Null, nearly always, for a line that tells of neither.</summary>
    public static LifeSign? Find(ReadOnlySpan<byte> body)
    {
        body = body.Length > MaxBytes ? body[..MaxBytes] : body;
        if (!LifeWords.MayTell(body))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(body);
        return LifeWords.IsStart(text) ? new LifeSign(true, LifeWords.Versions(text), text)
            : LifeWords.IsStop(text) ? new LifeSign(false, [], text)
            : null;
    }
}
