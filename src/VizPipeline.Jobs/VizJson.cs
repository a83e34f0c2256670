using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace VizPipeline.Jobs;

/// <summary>Reads and writes specs, tables and payloads as JSON: the same value always gives the same bytes.</summary>
public static class VizJson
{
    /// <summary>
    /// Options for JSON: names in snake_case as in the catalog, enums as names; required properties must be present and not null.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Writes a value as UTF-8 JSON.</summary>
    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    /// <summary>Reads the output of <see cref="Write{T}"/>.</summary>
    /// <exception cref="CorruptTableException">The bytes are not a <typeparamref name="T"/>.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json) => (T)Read(typeof(T), json);

    /// <inheritdoc cref="Read{T}"/>
    /// <param name="type">The type of the value.</param>
    /// <param name="json">The bytes.</param>
    public static object Read(Type type, ReadOnlySpan<byte> json)
    {
        ArgumentNullException.ThrowIfNull(type);
        try
        {
            return JsonSerializer.Deserialize(json, type, Options) ?? throw new CorruptTableException(
                $"expected a {type.Name}, found null");
        }
        catch (JsonException damage)
        {
            throw new CorruptTableException($"expected a {type.Name}: {damage.Message}", damage);
        }
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            RespectRequiredConstructorParameters = true,
            RespectNullableAnnotations = true,
            // An activation may overflow to infinity in a broken network; its table must remain readable.
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            // Keeps image names in any script readable. The files are never embedded in HTML.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}

/// <summary>A stored table or spec is not what its key promises. Regenerating it helps.</summary>
public sealed class CorruptTableException(string message, Exception? inner = null) : Exception(message, inner);
