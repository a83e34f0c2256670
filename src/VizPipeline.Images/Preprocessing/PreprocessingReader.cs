using System.Text.Json;

namespace VizPipeline.Images;

/// <summary>Reads the JSON form of a preprocessing field by field, so that every message can name its field.</summary>
internal sealed class PreprocessingReader(string source, int height, int width, ChannelOrder usual)
{
    // One image of this side is 12 GB of floats; larger values are typing errors.
    private const int LargestSide = 32768;
    private static readonly string[] Words = ["no", "one", "two", "three", "four"];

    public Preprocessing Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return Read(document.RootElement);
        }
        catch (JsonException error)
        {
            throw new PreprocessingException($"{source} is not valid JSON at {JsonFaults.Locate(error)}");
        }
    }

    private Preprocessing Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new PreprocessingException($"{source} must hold one JSON object");
        var result = new Preprocessing { CropHeight = height, CropWidth = width, Channels = usual };
        foreach (var field in root.EnumerateObject())
            result = Apply(result, field.Name, field.Value);
        var planes = result.Channels.Planes();
        if (planes != usual.Planes())
        {
            throw new PreprocessingException(
                $"{source}: channels is {result.Channels.Name()}, but the network's input has {Preprocessing.Counted(usual.Planes())}");
        }
        // Checked only now, because the fields may be in any order.
        if (result.Mean.Count != planes)
            throw Wrong("mean", planes == 1 ? "one number" : $"{Words[planes]} numbers");
        if (result.Std.Count != planes || result.Std.Any(value => value <= 0))
            throw Wrong("std", planes == 1 ? "one positive number" : $"{Words[planes]} positive numbers");
        if (result.CropHeight != height || result.CropWidth != width)
        {
            throw new PreprocessingException(
                $"{source}: cropHeight x cropWidth is {result.CropHeight}x{result.CropWidth}, but the network's input is {height}x{width}");
        }
        return result;
    }

    private Preprocessing Apply(Preprocessing result, string name, JsonElement value) => name switch
    {
        "shorterSide" => result with { ShorterSide = value.ValueKind == JsonValueKind.Null ? null : Side(name, value) },
        "cropHeight" => result with { CropHeight = Side(name, value) },
        "cropWidth" => result with { CropWidth = Side(name, value) },
        "mean" => result with { Mean = Values(name, value) },
        "std" => result with { Std = Values(name, value) },
        "scale" => result with { Scale = Number(name, value) is var scale && scale > 0 ? scale : throw Wrong(name, "a positive number") },
        "channels" => result with { Channels = Order(name, value) },
        _ => throw new PreprocessingException(
            $"{source}: unknown field '{name}' (known: shorterSide, cropHeight, cropWidth, mean, std, scale, channels)"),
    };

    private int Side(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var side) && side is >= 1 and <= LargestSide
            ? side
            : throw Wrong(name, $"a whole number from 1 to {LargestSide}");

    private float[] Values(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= Words.Length)
            throw Wrong(name, "a list of numbers, one per channel");
        float[] values = [.. value.EnumerateArray().Select(item => (float)Number(name, item))];
        return values.All(float.IsFinite) ? values : throw Wrong(name, "finite numbers");
    }

    private double Number(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : throw Wrong(name, "finite numbers");

    private ChannelOrder Order(string name, JsonElement value) =>
        (value.ValueKind == JsonValueKind.String ? ChannelOrders.Find(value.GetString()) : null) ?? throw Wrong(name, ChannelOrders.Names);

    private PreprocessingException Wrong(string field, string wanted) => new($"{source}: field '{field}' must be {wanted}");
}
