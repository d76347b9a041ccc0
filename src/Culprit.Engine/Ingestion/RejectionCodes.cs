namespace Culprit.Engine.Ingestion;

/// <summary>Every code that a refused event or body can carry on the wire. Stable: clients switch on them.</summary>
internal static class RejectionCodes
{
    /// <summary>Not JSON at all. Fatal for an array or concatenated objects, for one line of NDJSON otherwise.</summary>
    public const string BadJson = "bad_json";

    /// <summary>Bytes that are no protobuf message of the kind that was announced.</summary>
    public const string BadProtobuf = "bad_protobuf";

    /// <summary>The bytes are not UTF-8.</summary>
    public const string BadUtf8 = "bad_utf8";

    /// <summary>The same key twice in one object: readers would disagree about its value.</summary>
    public const string DuplicateKey = "duplicate_key";

    /// <summary>Nested deeper than <see cref="EventLimits.MaxDepth"/>.</summary>
    public const string TooDeep = "too_deep";

    /// <summary>An element that is not a JSON object.</summary>
    public const string NotAnObject = "not_an_object";

    /// <summary>Neither <c>type</c> nor <c>message</c>: nothing says what the object is.</summary>
    public const string NotAnEvent = "not_an_event";

    /// <summary>A type that only the engine publishes: nobody else may claim to have found an anomaly or told people.</summary>
    public const string ReservedType = "reserved_type";

    /// <summary>Longer than <see cref="EventLimits.MaxEventBytes"/>.</summary>
    public const string EventTooLarge = "event_too_large";

    /// <summary>A declared type lacks a field that it needs.</summary>
    public const string MissingField = "missing_field";

    /// <summary>Not what the configuration's <c>eventTypes</c> say of its type; the detail names the field.</summary>
    public const string InvalidEvent = "invalid_event";

    /// <summary>A field has another JSON type than declared.</summary>
    public const string WrongType = "wrong_type";

    /// <summary>A number outside what the field can hold.</summary>
    public const string OutOfRange = "out_of_range";

    /// <summary>A timestamp that is neither ISO 8601 nor Unix time.</summary>
    public const string BadTimestamp = "bad_timestamp";

    /// <summary>A service that is not 1 to 128 visible characters.</summary>
    public const string BadServiceName = "bad_service_name";

    /// <summary>An environment that is not 1 to 128 visible characters.</summary>
    public const string BadEnvironmentName = "bad_environment_name";

    /// <summary>A type that is not 1 to 128 visible characters.</summary>
    public const string BadType = "bad_type";

    /// <summary>An id that is not 1 to 128 characters.</summary>
    public const string BadId = "bad_id";

    /// <summary>More than <see cref="EventLimits.MaxEventsPerBatch"/> events in one body, or records of more than <see cref="EventLimits.MaxBatchRecordBytes"/>.</summary>
    public const string TooManyEvents = "too_many_events";

    /// <summary>The sender's key may not write to the event's environment or for its service.</summary>
    public const string NotPermitted = "not_permitted";

    /// <summary>A body without any byte.</summary>
    public const string EmptyBody = "empty_body";
}
