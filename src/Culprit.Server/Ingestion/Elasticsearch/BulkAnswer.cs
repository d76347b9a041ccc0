using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Culprit.Engine.Ingestion.Elasticsearch;
using Culprit.Engine.Records;

namespace Culprit.Server.Ingestion.Elasticsearch;

/// <summary>The answer to <c>_bulk</c>: one item for each action, in their order.</summary>
/// <remarks>
/// Compact, and <c>errors</c> stands before <c>items</c>: Fluent Bit and Vector look for these bytes instead of parsing. Nothing
/// that was taken is an error: 201 for a new document, 409 for one whose <c>_id</c> is known, which every shipper takes for done. 403 is
/// a document that the sender's key may not write.
/// </remarks>
/// <param name="filter">The request's <c>filter_path</c>.</param>
internal sealed class BulkAnswer(string filter)
{
    private readonly bool _isWhole = filter.Length == 0 || filter.Contains("items.*.*", StringComparison.Ordinal) || filter.Split(',').Contains("items");
    private readonly bool _hasNames = filter.Contains("items.*._id", StringComparison.Ordinal) || filter.Contains("items.*._index", StringComparison.Ordinal);
    private readonly bool _hasItems = filter.Contains("items", StringComparison.Ordinal);
    private readonly bool _hasTook = filter.Contains("took", StringComparison.Ordinal);

    /// <param name="index">For actions that name none; of a URL, so of any text.</param>
    /// <param name="tookMs">Milliseconds.</param>
    /// <param name="forbidden">Items that the key may not write, by index.</param>
    /// <param name="idOf">The id of the record of that number; used for documents that came without one.</param>
    public byte[] Write(ReadOnlySpan<byte> body, IReadOnlyList<BulkItem> items, string index, long tookMs, IReadOnlySet<int> forbidden, Func<int, string> idOf)
    {
        var output = new ArrayBufferWriter<byte>(64 + (items.Count * 96));
        var hasErrors = forbidden.Count > 0 || items.Any(item => item.IsDuplicate);
        output.Write("{"u8);
        if (_isWhole || _hasTook)
        {
            output.Write("\"took\":"u8);
            WriteNumber(output, tookMs);
            output.Write(","u8);
        }

        output.Write(hasErrors ? "\"errors\":true"u8 : "\"errors\":false"u8);
        if (_isWhole || _hasItems)
        {
            output.Write(",\"items\":["u8);
            var defaultIndex = JsonString(index.Length == 0 ? "culprit" : index);
            for (var i = 0; i < items.Count; i++)
            {
                output.Write(i == 0 ? "{"u8 : ",{"u8);
                WriteItem(output, body, items[i], defaultIndex, forbidden.Contains(i), idOf);
                output.Write("}"u8);
            }

            output.Write("]"u8);
        }

        output.Write("}"u8);
        return output.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> NameOf(BulkAction action) => action switch
    {
        BulkAction.Index => "\"index\":{"u8,
        BulkAction.Create => "\"create\":{"u8,
        BulkAction.Update => "\"update\":{"u8,
        BulkAction.Delete => "\"delete\":{"u8,
        _ => throw new System.Diagnostics.UnreachableException($"Unknown action {(byte)action}."),
    };

    private static byte[] JsonString(string text) =>
        Encoding.UTF8.GetBytes("\"" + System.Text.Encodings.Web.JavaScriptEncoder.Default.Encode(text) + "\"");

    private static void WriteNumber(ArrayBufferWriter<byte> output, long value)
    {
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out var written);
        output.Advance(written);
    }

    private void WriteItem(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> body, in BulkItem item, ReadOnlySpan<byte> defaultIndex, bool isForbidden, Func<int, string> idOf)
    {
        output.Write(NameOf(item.Action));
        if (_isWhole || _hasNames)
        {
            output.Write("\"_index\":"u8);
            output.Write(item.IndexEnd > 0 ? body[item.IndexStart..item.IndexEnd] : defaultIndex);
            output.Write(",\"_id\":"u8);
            if (item.IdEnd > 0)
            {
                output.Write(body[item.IdStart..item.IdEnd]);
            }
            else
            {
                output.Write("\""u8);
                Encoding.ASCII.GetBytes(idOf(item.Record), output);
                output.Write("\""u8);
            }

            output.Write(",\"_version\":1,"u8);
            output.Write(isForbidden || item.IsDuplicate || item.Action == BulkAction.Delete ? ""u8 : "\"result\":\"created\",\"_shards\":{\"total\":1,\"successful\":1,\"failed\":0},\"_seq_no\":0,\"_primary_term\":1,"u8);
        }

        output.Write(isForbidden
            ? "\"status\":403,\"error\":{\"type\":\"security_exception\",\"reason\":\"the key may not write to this environment or for this service\"}}"u8
            : item.IsDuplicate ? "\"status\":409,\"error\":{\"type\":\"version_conflict_engine_exception\",\"reason\":\"a document of this _id was taken before\"}}"u8
            : item.Action == BulkAction.Delete ? "\"status\":404}"u8
            : "\"status\":201}"u8);
    }
}
