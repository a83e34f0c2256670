using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>A recipe is invalid. The message is one line that names the recipe, the part and the expected value.</summary>
public sealed class RecipeException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Reads and writes recipes as JSON: names in snake_case, each part with its <c>kind</c>.</summary>
public static class RecipeJson
{
    // A recipe is a page of text; anything larger is not a recipe.
    private const int MostBytes = 1 << 20;

    private static readonly JsonSerializerOptions Options = Create(indented: false);
    private static readonly JsonSerializerOptions Indented = Create(indented: true);

    /// <summary>Writes a recipe as JSON that <see cref="Parse"/> can read.</summary>
    public static string Write(AscentRecipe recipe, bool indented = false) =>
        JsonSerializer.Serialize(recipe, indented ? Indented : Options);

    /// <summary>Converts a recipe to a JSON value.</summary>
    public static JsonElement ToElement(AscentRecipe recipe) => JsonSerializer.SerializeToElement(recipe, Options);

    /// <summary>Parses a recipe.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Its name in messages, for example its file.</param>
    /// <exception cref="RecipeException">The text is not a recipe, or its numbers are invalid.</exception>
    public static AscentRecipe Parse(string json, string source)
    {
        AscentRecipe? recipe;
        try
        {
            recipe = JsonSerializer.Deserialize<AscentRecipe>(json, Options);
        }
        catch (Exception fault) when (fault is JsonException or NotSupportedException)
        {
            var where = fault is JsonException { Path.Length: > 1 } json2 ? $" at {json2.Path}" : "";
            throw new RecipeException(
                $"recipe '{source}' is wrong{where}: {Shortened(fault)}; `viz recipes show fourier` prints an example", fault);
        }
        if (recipe is null)
            throw new RecipeException($"recipe '{source}' is empty; `viz recipes show fourier` prints an example");
        return recipe.Faults().FirstOrDefault() is { } fault1 ? throw new RecipeException($"recipe '{source}': {fault1}") : recipe;
    }

    /// <summary>Reads a recipe from a file.</summary>
    /// <exception cref="RecipeException">The file cannot be read or is not a valid recipe.</exception>
    public static AscentRecipe Read(string file)
    {
        try
        {
            var size = new FileInfo(file).Length;
            return size <= MostBytes
                ? Parse(File.ReadAllText(file), file)
                : throw new RecipeException(
                    $"recipe '{file}' has {size} bytes, which is too large; `viz recipes show fourier` prints an example");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException($"recipe '{file}' cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>Returns the kind by which a part is identified in JSON.</summary>
    public static string KindOf(object part) => part.GetType().BaseType!.GetCustomAttributes(typeof(JsonDerivedTypeAttribute), false)
        .OfType<JsonDerivedTypeAttribute>().First(known => known.DerivedType == part.GetType()).TypeDiscriminator!.ToString()!;

    // The reader's own messages contain type names of this program and repeat the position.
    private static string Shortened(Exception fault)
    {
        var message = fault.Message.Split(" Path: ")[0].ReplaceLineEndings(" ");
        return message.Contains("type discriminator", StringComparison.Ordinal) || fault is NotSupportedException
            ? "a part has no known kind"
                : message.TrimEnd('.').Replace("VizPipeline.Methods.GradientAscent.", "", StringComparison.Ordinal);
    }

    private static JsonSerializerOptions Create(bool indented)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            AllowOutOfOrderMetadataProperties = true,
            RespectRequiredConstructorParameters = true,
            RespectNullableAnnotations = true,
            ReadCommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            MaxDepth = 16,
            WriteIndented = indented,
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
