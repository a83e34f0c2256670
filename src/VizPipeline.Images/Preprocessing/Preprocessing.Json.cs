using System.Text;
using System.Text.Json;

namespace VizPipeline.Images;

// The JSON form: one line, fields in a fixed order, so that its bytes can be hashed.
public sealed partial record Preprocessing
{
    /// <summary>The canonical JSON, on one line; <see cref="Parse"/> reads it back.</summary>
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

    /// <summary>Reads a preset by name, or a JSON file.</summary>
    /// <param name="presetOrFile"><c>imagenet</c>, <c>unit</c> or the path of a file.</param>
    /// <param name="height">Height of the network's input; a file may repeat it but not contradict it.</param>
    /// <param name="width">Width of the network's input.</param>
    /// <param name="planes">Planes of the network's input.</param>
    /// <exception cref="PreprocessingException">There is no such preset for it, no such file, or a field of the file is wrong; the message names
    /// both.</exception>
    public static Preprocessing Load(string presetOrFile, int height, int width, int planes = 3)
    {
        ArgumentException.ThrowIfNullOrEmpty(presetOrFile);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return presetOrFile.ToLowerInvariant() switch
        {
            "imagenet" when planes == 3 => ImageNet(height, width),
            "imagenet" => throw new PreprocessingException($"preprocessing 'imagenet' is for networks of RGB, and the network's input has {Counted(planes)}; use unit, or a JSON file"),
            "unit" => Unit(height, width, Usual(planes)),
            _ => Parse(ReadFile(presetOrFile), presetOrFile, height, width, planes),
        };
    }

    /// <summary>The preset for a network that nobody gave one: <c>imagenet</c> for colour, else <c>unit</c>.</summary>
    /// <param name="planes">Planes of the network's input.</param>
    public static string DefaultPreset(int planes) => planes == 3 ? "imagenet" : "unit";

    /// <summary>
    /// Reads the JSON form. Fields that are left out have the defaults of an unscaled <see cref="Unit"/> without resizing.
    /// </summary>
    /// <param name="json">The text.</param>
    /// <param name="source">What error messages call it.</param>
    /// <param name="height">Height of the network's input.</param>
    /// <param name="width">Width of the network's input.</param>
    /// <param name="planes">Planes of the network's input; 1 is grey, 4 are RGBA, 3 are RGB unless the text says BGR.</param>
    /// <exception cref="PreprocessingException">The text is no JSON object, or a field is unknown, missing or wrong.</exception>
    public static Preprocessing Parse(string json, string source, int height, int width, int planes = 3) =>
        new PreprocessingReader(source, height, width, Usual(planes)).Read(json);

    /// <summary>
    /// The preprocessing file that lies beside a model: <c>MODEL.preprocess.json</c> without the model's extension, else
    /// <c>preprocess.json</c>.
    /// </summary>
    /// <returns>Its path, or null where there is neither.</returns>
    public static string? FindBeside(string modelPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        var folder = Path.GetDirectoryName(Path.GetFullPath(modelPath)) ?? ".";
        string[] candidates = [Path.GetFileNameWithoutExtension(modelPath) + ".preprocess.json", "preprocess.json"];
        return candidates.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    internal static string Counted(int planes) => planes == 1 ? "1 channel" : $"{planes} channels";

    private static ChannelOrder Usual(int planes) => ChannelOrders.Usual(planes)
        ?? throw new PreprocessingException($"the network's input has {Counted(planes)}; VizPipeline reads networks of grey (1), RGB (3) and RGBA (4) images");

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

/// <summary>A preprocessing that cannot be used; the message is one line that names the file and the field.</summary>
public sealed class PreprocessingException(string message) : Exception(message);
