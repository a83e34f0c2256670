using System.Globalization;
using System.Text.RegularExpressions;
using TorchSharp;

namespace VizPipeline.Network.Torch;

/// <summary>A requested device is not available. The message says what to do.</summary>
public sealed class DeviceUnavailableException(string message) : Exception(message);

/// <summary>A device with the name that users know it by.</summary>
/// <param name="Name"><c>cpu</c>, <c>cuda:1</c>; if the CPU is used several times, <c>cpu:0</c>, <c>cpu:1</c>, ...</param>
/// <param name="Device">The torch device.</param>
public sealed record NamedDevice(string Name, torch.Device Device);

/// <summary>Finds the devices that networks run on.</summary>
public static partial class TorchDevice
{
    /// <summary>Regular expression for device names: one, or several separated by commas.</summary>
    public const string Pattern = "auto|(cpu|cuda(:([0-9]{1,4}|all))?)( *, *(cpu|cuda(:([0-9]{1,4}|all))?))*";

    /// <summary>The accepted device names, for messages.</summary>
    public const string Choices = "auto, cpu, cuda, cuda:1, cuda:all, or a list such as cuda:0,cuda:2 or cpu,cpu";

    /// <summary>
    /// Returns the device called <paramref name="name"/>. <c>auto</c> selects the first CUDA device if there is one, else the CPU.
    /// </summary>
    /// <exception cref="DeviceUnavailableException">There is no such device, or the name stands for several.</exception>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded.</exception>
    public static torch.Device Find(string name)
    {
        var all = FindAll(name);
        if (all.Count == 1 || name == "auto")
            return all[0].Device;
        var names = string.Join(", ", all.Select(device => device.Name));
        throw new DeviceUnavailableException(
            $"device '{name}' stands for {all.Count} devices, but only one can be used here: name one of {names}");
    }

    /// <summary>
    /// Returns all devices that <paramref name="names"/> stands for. <c>auto</c> and <c>cuda:all</c> select every CUDA device visible to
    /// this process (CUDA_VISIBLE_DEVICES), <c>auto</c> the CPU if there is none, and <c>cuda</c> the first one; <c>cpu,cpu</c> selects the
    /// CPU twice, each time with half of its cores.
    /// </summary>
    /// <exception cref="DeviceUnavailableException">There is no such device.</exception>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded.</exception>
    public static IReadOnlyList<NamedDevice> FindAll(string names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (!Form().IsMatch(names))
            throw new DeviceUnavailableException($"device '{names}' is unknown; use {Choices}");
        TorchRuntime.Start();
        var present = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (present > 0)
        {
            // TF32 keeps only ten bits of the mantissa, which can change a top 9. torch's convolutions use it unless it is switched off.
            torch.backends.cudnn.allow_tf32 = false;
            torch.backends.cuda.matmul.allow_tf32 = false;
        }
        var parts = names == "auto" ? [present > 0 ? "cuda:all" : "cpu"] : names.Split(',', StringSplitOptions.TrimEntries);
        var cpus = parts.Count(part => part == "cpu");
        var found = new List<NamedDevice>();
        foreach (var part in parts)
        {
            if (part == "cpu")
            {
                var before = found.Count(device => device.Device.type == DeviceType.CPU);
                found.Add(new NamedDevice(cpus == 1 ? "cpu" : $"cpu:{before}", torch.CPU));
            }
            else
                found.AddRange(Cuda(part, present));
        }
        return found.GroupBy(device => device.Name).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw new DeviceUnavailableException($"device '{names}' names {twice.Key} twice") : found;
    }

    /// <summary>
    /// Returns the number of devices that <paramref name="names"/> stands for, or 1 if it cannot be determined. Loads libtorch only if it
    /// may know CUDA devices.
    /// </summary>
    public static int Count(string names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (!TorchRuntime.CarriesCuda)
            return names.Split(',').Length;
        try
        {
            return FindAll(names).Count;
        }
        catch (Exception fault) when (fault is DeviceUnavailableException or TorchUnavailableException)
        {
            return 1;
        }
    }

    /// <summary>Returns the kind of the devices: <c>auto</c>, <c>cpu</c> or <c>cuda</c>.</summary>
    public static string KindOf(string names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var kinds = names.Split(',', StringSplitOptions.TrimEntries).Select(name => name.Split(':')[0]).Distinct().ToList();
        return kinds.Count == 1 ? kinds[0] : "auto";
    }

    private static IEnumerable<NamedDevice> Cuda(string name, int present)
    {
        if (present == 0)
        {
            throw new DeviceUnavailableException(
                $"device '{name}' is not available: this build contains the CPU version of libtorch, or there is no CUDA driver, "
                + "or CUDA_VISIBLE_DEVICES hides all devices; use cpu");
        }
        var which = name.Split(':').ElementAtOrDefault(1) ?? "0";
        if (which == "all")
            return Enumerable.Range(0, present).Select(i => new NamedDevice($"cuda:{i}", torch.device($"cuda:{i}")));
        var index = int.Parse(which, CultureInfo.InvariantCulture);
        return index < present
            ? [new NamedDevice($"cuda:{index}", torch.device($"cuda:{index}"))]
            : throw new DeviceUnavailableException(
                $"device 'cuda:{index}' is not available: this process sees {present}, up to cuda:{present - 1} (CUDA_VISIBLE_DEVICES)");
    }

    [GeneratedRegex($"^({Pattern})$", RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
