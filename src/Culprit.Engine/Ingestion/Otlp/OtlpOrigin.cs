using System.Text;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>What resource and scope say, which holds for every item in them: service, environment, host, and attributes as ready JSON.</summary>
/// <remarks>Reused; not thread-safe.</remarks>
internal sealed class OtlpOrigin
{
    /// <summary>Bytes of shared attributes: every record gets a copy, so what one request may multiply is bounded.</summary>
    public const int MaxSharedBytes = 16 * 1024;

    private const uint ResourceAttributes = (1 << 3) | ProtoReader.Bytes;
    private const uint ScopeName = (1 << 3) | ProtoReader.Bytes;
    private const uint ScopeVersion = (2 << 3) | ProtoReader.Bytes;
    private const uint ScopeAttributes = (3 << 3) | ProtoReader.Bytes;

    // The first that is there wins.
    private static readonly byte[][] ServiceNames = Utf8(
        "service.name", "k8s.deployment.name", "k8s.statefulset.name", "k8s.daemonset.name", "k8s.cronjob.name", "k8s.job.name",
        "k8s.container.name", "container.name", "faas.name");

    private static readonly byte[][] EnvironmentNames = Utf8("deployment.environment.name", "deployment.environment");
    private static readonly byte[][] HostNames = Utf8("host.name", "k8s.node.name");
    private static readonly byte[][] InstanceNames = Utf8("service.instance.id", "k8s.pod.name", "container.id", "host.name");

    private readonly OtlpAttributes _attributes = new();
    private readonly AttributeBuffer _json = new();
    private readonly KeySet _names = new();
    private readonly TextScratch _text = new();
    private readonly List<Member> _members = [];
    private int _resourceMembers;
    private int _resourceBytes;
    private int _bytes;
    private bool _isResourceCut;

    /// <summary>As sent; empty when the resource does not say.</summary>
    public byte[] Service { get; private set; } = [];

    /// <inheritdoc cref="Service"/>
    public byte[] Environment { get; private set; } = [];

    /// <inheritdoc cref="Service"/>
    public byte[] Host { get; private set; } = [];

    /// <summary>Tells replicas of one service apart.</summary>
    public byte[] Instance { get; private set; } = [];

    /// <summary>Shared attributes were dropped.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Names that the documentation lists: what becomes the service, the environment, the source and the series' instance.</summary>
    internal static IEnumerable<(string Field, IEnumerable<string> Names)> Table =>
    [
        ("service", ServiceNames.Select(Encoding.UTF8.GetString)), ("environment", EnvironmentNames.Select(Encoding.UTF8.GetString)),
        ("source", HostNames.Select(Encoding.UTF8.GetString)), ("instance", InstanceNames.Select(Encoding.UTF8.GetString)),
    ];

    /// <summary>False when the resource is not well-formed.</summary>
    public bool TryReadResource(ReadOnlySpan<byte> resource)
    {
        Service = Find(resource, ServiceNames);
        Environment = Find(resource, EnvironmentNames);
        Host = Find(resource, HostNames);
        Instance = Find(resource, InstanceNames);
        _members.Clear();
        _names.Clear();
        _bytes = 0;
        _isResourceCut = IsCut = false;
        var reader = new ProtoReader(resource);
        while (reader.Read())
        {
            if (reader.Tag == ResourceAttributes && (!OtlpAttributes.TryReadPair(reader.Content, out var key, out _)
                || (IsKept(key) && !TryShare(reader.Content, key, "resource."u8))))
            {
                return false;
            }
        }

        (_resourceMembers, _resourceBytes) = (_members.Count, _bytes);
        _isResourceCut = IsCut;
        return !reader.IsBroken;
    }

    /// <summary>False when the scope is not well-formed.</summary>
    public bool TryReadScope(ReadOnlySpan<byte> scope)
    {
        _members.RemoveRange(_resourceMembers, _members.Count - _resourceMembers);
        _names.Clear();
        (_bytes, IsCut) = (_resourceBytes, _isResourceCut);
        var reader = new ProtoReader(scope);
        while (reader.Read())
        {
            switch (reader.Tag)
            {
                case ScopeName:
                    Share("otel.scope.name"u8, reader.Content);
                    break;
                case ScopeVersion:
                    Share("otel.scope.version"u8, reader.Content);
                    break;
                case ScopeAttributes when !OtlpAttributes.TryReadPair(reader.Content, out var key, out _) || !TryShare(reader.Content, key, "scope."u8):
                    return false;
                default:
                    break;
            }
        }

        return !reader.IsBroken;
    }

    /// <summary>Gives a record the shared attributes; its own come first.</summary>
    public void AddTo(OtlpAttributes attributes)
    {
        for (var i = 0; i < _members.Count; i++)
        {
            attributes.AddMember(_members[i].NameHash, _members[i].PrefixedHash, _members[i].Json, i < _resourceMembers ? "resource."u8 : "scope."u8);
        }
    }

    /// <summary>Which SDK reported says nothing about the service, and would stand in every record.</summary>
    private static bool IsKept(ReadOnlySpan<byte> key) =>
        !key.SequenceEqual("service.name"u8) && !IsOneOf(key, EnvironmentNames)
        && !key.StartsWith("telemetry.sdk."u8) && !key.StartsWith("telemetry.distro."u8);

    private static byte[] Find(ReadOnlySpan<byte> resource, byte[][] names)
    {
        var best = names.Length;
        byte[] found = [];
        var reader = new ProtoReader(resource);
        while (best > 0 && reader.Read())
        {
            if (reader.Tag != ResourceAttributes || !OtlpAttributes.TryReadPair(reader.Content, out var key, out var value))
            {
                continue;
            }

            for (var i = 0; i < best; i++)
            {
                if (key.SequenceEqual(names[i]) && OtlpAttributes.StringOf(value) is { IsEmpty: false } text)
                {
                    found = text.ToArray();
                    best = i;
                }
            }
        }

        return found;
    }

    private static bool IsOneOf(ReadOnlySpan<byte> key, byte[][] names)
    {
        foreach (var name in names)
        {
            if (key.SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryShare(ReadOnlySpan<byte> pair, ReadOnlySpan<byte> key, ReadOnlySpan<byte> prefix)
    {
        Begin();
        _attributes.Add(pair);
        Keep(key, prefix);
        return !_attributes.IsBroken && !_attributes.IsTooDeep;
    }

    private void Share(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        Begin();
        _attributes.AddText(name, text);
        Keep(name, "scope."u8);
    }

    private void Begin()
    {
        _json.Clear();
        _attributes.Begin(_json);
    }

    private void Keep(ReadOnlySpan<byte> key, ReadOnlySpan<byte> prefix)
    {
        IsCut |= _attributes.IsCut;
        if (_json.IsEmpty || _attributes.IsBroken)
        {
            return;
        }

        // Compared as it is written: two names that differ in invalid bytes are one name in the JSON.
        _text.Clear();
        key = LineCleaner.Clean(key, _text, out _);
        var hash = KeySet.Hash(key);
        var json = _json.Object[1..^1];
        if (_members.Count >= EventLimits.MaxFields || _bytes + json.Length > MaxSharedBytes || !_names.Add(0, hash))
        {
            IsCut = true;
            return;
        }

        _bytes += json.Length;
        _members.Add(new Member(hash, KeySet.Hash([.. prefix, .. key]), json.ToArray()));
    }

    private static byte[][] Utf8(params string[] names) => [.. names.Select(Encoding.UTF8.GetBytes)];

    private readonly record struct Member(ulong NameHash, ulong PrefixedHash, byte[] Json);
}
