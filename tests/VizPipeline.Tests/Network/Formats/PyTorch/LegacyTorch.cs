using System.Text;

namespace VizPipeline.Tests.Network.Formats.PyTorch;

/// <summary>Files as torch.save wrote them before version 1.6: pickles one behind the other, then the storages.</summary>
internal static class LegacyTorch
{
    public static readonly byte[] Magic = [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    public static byte[] Of(byte[] pickle, params (string Key, long Count, byte[] Bytes)[] storages)
        => Of(pickle, 1001, littleEndian: true, storages);

    public static byte[] Of(byte[] pickle, long version, bool littleEndian, params (string Key, long Count, byte[] Bytes)[] storages)
    {
        var machine = new PickleWriter().Dict(dict => dict
            .Text("protocol_version").Number(version)
            .Text("little_endian").Raw((byte)(littleEndian ? 0x88 : 0x89))
            .Text("type_sizes").Dict(sizes => sizes.Text("short").Number(2).Text("int").Number(4).Text("long").Number(4)));
        var keys = new PickleWriter().Op(']').Op('(');
        foreach (var (key, _, _) in storages)
            keys.Text(key);
        return
        [
            .. Magic, .. new PickleWriter().Number(version).End(), .. machine.End(), .. pickle, .. keys.Op('e').End(),
            .. storages.SelectMany(storage => BitConverter.GetBytes(storage.Count).Concat(storage.Bytes)),
        ];
    }

    public static (string Key, long Count, byte[] Bytes) Floats(string key, params float[] values)
        => (key, values.Length, [.. values.SelectMany(BitConverter.GetBytes)]);

    /// <summary>Python 2's plain string.</summary>
    public static PickleWriter Text2(this PickleWriter pickle, string text)
        => pickle.Raw((byte)'U', (byte)text.Length).Raw(Encoding.ASCII.GetBytes(text));
}
