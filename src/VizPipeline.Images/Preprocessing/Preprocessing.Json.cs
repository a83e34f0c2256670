using System.Text;
using System.Text.Json;

namespace VizPipeline.Images;

// The JSON form: one line, fields in a fixed order, so that its bytes can be hashed.
public sealed partial record Preprocessing
{
    /// <summary>Returns the canonical JSON on one line; <see cref="Parse"/> reads it.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            if (ShorterSide is { } side)
                writer.WriteNumber("shorterSide", side);
            else
                writer.WriteNull("shorterSide");
            writer.WriteNumber("cropHeight", CropHeight);
            writer.WriteNumber("cropWidth", CropWidth);
            Write(writer, "mean", Mean);
            Write(writer, "std", Std);
            writer.WriteNumber("scale", Scale);
            writer.WriteString("channels", Channels.Name());
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Loads a preset by name, or a JSON file.</summary>
    /// <param name="presetOrFile"><c>imagenet</c>, <c>unit</c> or the path of a file.</param>
    /// <param name="height">Height of the network's input; a file may repeat but not contradict it.</param>
    /// <param name="width">Width of the network's input.</param>
    /// <param name="planes">Number of planes of the network's input.</param>
    /// <exception cref="PreprocessingException">The preset or file does not exist, or a field of the file is invalid; the message names
    /// both.</exception>
    public static Preprocessing Load(string presetOrFile, int height, int width, int planes = 3)
    {
        ArgumentException.ThrowIfNullOrEmpty(presetOrFile);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return presetOrFile.ToLowerInvariant() switch
        {
            "imagenet" when planes == 3 => ImageNet(height, width),
            "imagenet" => throw new PreprocessingException(
                $"preprocessing 'imagenet' is for RGB networks, but the network's input has {Counted(planes)}; use unit, or a JSON file"),
            "unit" => Unit(height, width, Usual(planes)),
            BytesPreset => Bytes(height, width, Usual(planes)),
            _ => Parse(ReadFile(presetOrFile), presetOrFile, height, width, planes),
        };
    }

    /// <summary>
    /// Returns the default preset: <c>bytes</c> for a network that takes bytes, else <c>imagenet</c> for colour, else <c>unit</c>.
    /// </summary>
    /// <param name="planes">Number of planes of the network's input.</param>
    /// <param name="takesBytes">Whether the network's input is of bytes.</param>
    public static string DefaultPreset(int planes, bool takesBytes = false)
        => takesBytes ? BytesPreset : planes == 3 ? "imagenet" : "unit";

    /// <summary>
    /// Parses the JSON form. Missing fields have the defaults of an unscaled <see cref="Unit"/> without resizing.
    /// </summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Its name in error messages.</param>
    /// <param name="height">Height of the network's input.</param>
    /// <param name="width">Width of the network's input.</param>
    /// <param name="planes">Number of planes of the network's input; 1 is grey, 4 is RGBA, 3 is RGB unless the text declares BGR.</param>
    /// <exception cref="PreprocessingException">The text is not a JSON object, or a field is unknown, missing or invalid.</exception>
    public static Preprocessing Parse(string json, string source, int height, int width, int planes = 3) =>
        new PreprocessingReader(source, height, width, Usual(planes)).Read(json);

    /// <summary>
    /// Finds the preprocessing file of a model in the model's folder: <c>MODEL.preprocess.json</c> without the model's extension, else
    /// <c>preprocess.json</c>.
    /// </summary>
    /// <returns>Its path, or null if neither exists.</returns>
    public static string? FindBeside(string modelPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        var folder = Path.GetDirectoryName(Path.GetFullPath(modelPath)) ?? ".";
        string[] candidates = [Path.GetFileNameWithoutExtension(modelPath) + ".preprocess.json", "preprocess.json"];
        return candidates.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    internal static string Counted(int planes) => planes == 1 ? "1 channel" : $"{planes} channels";

    private static ChannelOrder Usual(int planes) => ChannelOrders.Usual(planes)
        ?? throw new PreprocessingException(
            $"the network's input has {Counted(planes)}; VizPipeline reads networks of grey (1), RGB (3) and RGBA (4) images");

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PreprocessingException($"preprocessing '{path}' is neither a preset (imagenet, unit) nor a file");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PreprocessingException($"preprocessing file {path} cannot be read: {error.Message}");
        }
    }

    private static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<float> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
            writer.WriteNumberValue(value);
        writer.WriteEndArray();
    }
}

/// <summary>A preprocessing is invalid. The message is one line that names the file and the field.</summary>
public sealed class PreprocessingException(string message) : Exception(message);
