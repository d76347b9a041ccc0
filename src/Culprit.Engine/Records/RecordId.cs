using System.Globalization;
using System.Text;

namespace Culprit.Engine.Records;

/// <summary>
/// The id of a record that its sender did not name: the random id of the journal that took it, and its sequence there.
/// It costs no space in the record, is unique across nodes, and finds the record by its sequence.
/// </summary>
/// <remarks>On the wire 32 hex digits. A derived <c>log.error</c> has its record's id with <see cref="ErrorSuffix"/>.</remarks>
internal static class RecordId
{
    /// <summary>Turns the id of a record into the id of its <c>log.error</c> view.</summary>
    public const string ErrorSuffix = "-error";

    public static string Format(ulong journalId, long sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{journalId:x16}{sequence:x16}");

    /// <summary>The record's own id if its sender gave one, else the formatted sequence.</summary>
    public static string Of(in LogRecord record, ulong journalId) =>
        record.Id.IsEmpty ? Format(journalId, record.Sequence) : Encoding.UTF8.GetString(record.Id);

    /// <summary>False when the text is not an id of this form.</summary>
    public static bool TryParse(string text, out ulong journalId, out long sequence)
    {
        journalId = 0;
        sequence = 0;
        return text.Length == 32
            && ulong.TryParse(text.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out journalId)
            && long.TryParse(text.AsSpan(16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sequence);
    }
}
