using Culprit.Engine.Records;

namespace Culprit.Engine.Extending;

/// <summary>A stored event as plug-ins see it. Its texts come from logs: do not trust them.</summary>
public sealed class RecordView
{
    internal RecordView(RecordRef reference) => Reference = reference;

    /// <summary>Its id on the wire, for <c>GET /events/{id}</c>.</summary>
    public string Id => Reference.Id;

    public DateTimeOffset Timestamp => UnixNanos.ToTime(Reference.TimestampNanos);

    public string Service => Reference.Service;

    /// <summary>debug, info, warn, error or fatal.</summary>
    public string Level => Reference.Severity.ToWire();

    /// <summary>At most 400 characters.</summary>
    public string Message => Reference.Text;

    public string? TraceId => Reference.TraceId;

    internal RecordRef Reference { get; }
}
