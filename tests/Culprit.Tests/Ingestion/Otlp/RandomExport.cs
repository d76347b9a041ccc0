using System.Globalization;
using System.Text;
using System.Text.Json;
using Culprit.Engine.Ingestion.Otlp;

namespace Culprit.Tests.Ingestion.Otlp;

/// <summary>A random request of OTLP, written in both forms at once, with names and numbers as the specification has them.</summary>
internal sealed class RandomExport
{
    private readonly Random _random;
    private readonly ProtoWriter _protobuf = new();
    private readonly StringBuilder _json = new();

    private RandomExport(Random random) => _random = random;

    public static (byte[] Protobuf, byte[] Json) Of(OtlpSignal signal, Random random)
    {
        var export = new RandomExport(random);
        export._json.Append('{');
        export.Layers(signal);
        export._json.Append('}');
        return (export._protobuf.Written.ToArray(), Encoding.UTF8.GetBytes(export._json.ToString()));
    }

    private void Layers(OtlpSignal signal)
    {
        var (resources, scopes, items) = signal switch
        {
            OtlpSignal.Logs => ("resourceLogs", "scopeLogs", "logRecords"),
            OtlpSignal.Traces => ("resourceSpans", "scopeSpans", "spans"),
            _ => ("resourceMetrics", "scopeMetrics", "metrics"),
        };
        List(resources, 1, 2, () =>
        {
            Message("resource", 1, () => Attributes(1, "service.name", "host.name", "k8s.pod.name", "deployment.environment"));
            Comma();
            List(scopes, 2, 2, () =>
            {
                Message("scope", 1, () => Text("name", 1, Words()));
                Comma();
                List(items, 2, 4, signal switch
                {
                    OtlpSignal.Logs => Log,
                    OtlpSignal.Traces => Span,
                    _ => Metric,
                });
            });
        });
    }

    private void Log()
    {
        Fixed("timeUnixNano", 1, Nanos());
        Comma();
        Int("severityNumber", 2, _random.Next(-1, 26));
        Comma();
        Text("severityText", 3, _random.Next(2) == 0 ? "WARN" : Words());
        Comma();
        Message("body", 5, () => Value(0));
        Comma();
        Attributes(6, "k", "thread.id", "exception.type", "exception.stacktrace", "service.name");
        Comma();
        Hex("traceId", 9, 16);
        Comma();
        Hex("spanId", 10, 8);
        Comma();
        Text("eventName", 12, Words());
    }

    private void Span()
    {
        Hex("traceId", 1, 16);
        Comma();
        Hex("spanId", 2, 8);
        Comma();
        Hex("parentSpanId", 4, 8);
        Comma();
        Text("name", 5, Words());
        Comma();
        Int("kind", 6, _random.Next(0, 7));
        Comma();
        Fixed("startTimeUnixNano", 7, Nanos());
        Comma();
        Fixed("endTimeUnixNano", 8, Nanos());
        Comma();
        Attributes(9, "http.method", "kind", "status");
        Comma();
        List("events", 11, 2, () =>
        {
            Fixed("timeUnixNano", 1, Nanos());
            Comma();
            Text("name", 2, _random.Next(2) == 0 ? "exception" : Words());
            Comma();
            Attributes(3, "exception.type", "exception.message", "x");
        });
        Comma();
        Message("status", 15, () =>
        {
            Text("message", 2, Words());
            Comma();
            Int("code", 3, _random.Next(0, 4));
        });
    }

    private void Metric()
    {
        Text("name", 1, Words());
        Comma();
        Text("unit", 3, "ms");
        Comma();
        switch (_random.Next(3))
        {
            case 0:
                Message("gauge", 5, () => List("dataPoints", 1, 3, NumberPoint));
                break;
            case 1:
                Message("sum", 7, () =>
                {
                    List("dataPoints", 1, 3, NumberPoint);
                    Comma();
                    Int("aggregationTemporality", 2, _random.Next(0, 3));
                    Comma();
                    _json.Append("\"isMonotonic\":true");
                    _protobuf.Varint(3, 1);
                });
                break;
            default:
                Message("histogram", 9, () =>
                {
                    Int("aggregationTemporality", 2, _random.Next(0, 3));
                    Comma();
                    List("dataPoints", 1, 3, HistogramPoint);
                });
                break;
        }
    }

    private void NumberPoint()
    {
        Fixed("timeUnixNano", 3, Nanos());
        Comma();
        Attributes(7, "route", "code");
        Comma();
        if (_random.Next(2) == 0)
        {
            Double("asDouble", 4, _random.NextDouble() * 1000);
        }
        else
        {
            var value = _random.NextInt64(-5, 5);
            _protobuf.Fixed64(6, (ulong)value);
            _json.Append(CultureInfo.InvariantCulture, $"\"asInt\":\"{value}\"");
        }
    }

    private void HistogramPoint()
    {
        Fixed("startTimeUnixNano", 2, 1_795_409_000_000_000_000);
        Comma();
        Fixed("timeUnixNano", 3, Nanos());
        Comma();
        Fixed("count", 4, 6);
        Comma();
        Double("sum", 5, 12.5);
        Comma();
        var at = _protobuf.Begin(6);
        _protobuf.Fixed64(1);
        _protobuf.Fixed64(5);
        _protobuf.End(at);
        at = _protobuf.Begin(7);
        _protobuf.Fixed64(BitConverter.DoubleToUInt64Bits(2.5));
        _protobuf.End(at);
        _json.Append("\"bucketCounts\":[\"1\",5],\"explicitBounds\":[2.5],");
        Attributes(9, "route");
        Comma();
        Double("max", 12, 7);
    }

    private void Value(int depth)
    {
        switch (_random.Next(depth > 3 ? 4 : 7))
        {
            case 0:
                Text("stringValue", 1, Words());
                break;
            case 1:
                _json.Append("\"boolValue\":true");
                _protobuf.Varint(2, 1);
                break;
            case 2:
                var number = _random.NextInt64();
                _json.Append(CultureInfo.InvariantCulture, $"\"intValue\":\"{number}\"");
                _protobuf.Varint(3, (ulong)number);
                break;
            case 3:
                Double("doubleValue", 4, _random.NextDouble());
                break;
            case 4:
                Message("arrayValue", 5, () => List("values", 1, 3, () => Value(depth + 1)));
                break;
            case 5:
                Message("kvlistValue", 6, () => List("values", 1, 3, () => Pair(Words(), depth + 1)));
                break;
            default:
                var bytes = new byte[_random.Next(5)];
                _random.NextBytes(bytes);
                _json.Append(CultureInfo.InvariantCulture, $"\"bytesValue\":\"{Convert.ToBase64String(bytes)}\"");
                _protobuf.Content(7, bytes);
                break;
        }
    }

    private void Attributes(int number, params string[] keys) =>
        List("attributes", number, 4, () => Pair(keys[_random.Next(keys.Length)], 0));

    private void Pair(string key, int depth)
    {
        Text("key", 1, key);
        Comma();
        Message("value", 2, () => Value(depth));
    }

    private void List(string name, int number, int max, Action one)
    {
        _json.Append('"').Append(name).Append("\":[");
        for (var i = _random.Next(0, max + 1); i > 0; i--)
        {
            _json.Append('{');
            var at = _protobuf.Begin(number);
            one();
            _protobuf.End(at);
            _json.Append(i > 1 ? "}," : "}");
        }

        _json.Append(']');
    }

    private void Message(string name, int number, Action fields)
    {
        _json.Append('"').Append(name).Append("\":{");
        var at = _protobuf.Begin(number);
        fields();
        _protobuf.End(at);
        _json.Append('}');
    }

    private void Text(string name, int number, string text)
    {
        _json.Append('"').Append(name).Append("\":").Append(JsonSerializer.Serialize(text));
        _protobuf.Content(number, Encoding.UTF8.GetBytes(text));
    }

    private void Hex(string name, int number, int length)
    {
        var bytes = new byte[_random.Next(8) == 0 ? 0 : length];
        _random.NextBytes(bytes);
        _json.Append(CultureInfo.InvariantCulture, $"\"{name}\":\"{(_random.Next(2) == 0 ? Convert.ToHexString(bytes) : Convert.ToHexStringLower(bytes))}\"");
        _protobuf.Content(number, bytes);
    }

    private void Int(string name, int number, long value)
    {
        _json.Append(CultureInfo.InvariantCulture, $"\"{name}\":{value}");
        _protobuf.Varint(number, (ulong)value);
    }

    private void Fixed(string name, int number, ulong value)
    {
        _json.Append(CultureInfo.InvariantCulture, $"\"{name}\":{(_random.Next(2) == 0 ? $"\"{value}\"" : $"{value}")}");
        _protobuf.Fixed64(number, value);
    }

    private void Double(string name, int number, double value)
    {
        _json.Append('"').Append(name).Append("\":").Append(value.ToString("R", CultureInfo.InvariantCulture));
        _protobuf.Fixed64(number, BitConverter.DoubleToUInt64Bits(value));
    }

    private void Comma() => _json.Append(',');

    private ulong Nanos() => _random.Next(10) == 0 ? 0 : 1_795_409_000_000_000_000ul + (ulong)_random.Next();

    private string Words()
    {
        ReadOnlySpan<string> words = ["", "a", "order 17 paid", "{\"msg\":\"in\",\"level\":\"error\",\"n\":1}", "über\n\tzwei", "quote\" back\\slash \u0001", "GET /x 200", "   at Foo.bar(Foo.java:1)"];
        return words[_random.Next(words.Length)];
    }
}
