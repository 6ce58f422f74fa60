//! Ports that no web server has, and where a request of ours could do harm: mail, shells, stores, control planes.

/// Refused ports, in order.
const REFUSED: [u16; 57] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 79, 110, 111, 113, 119,
    123, 135, 137, 139, 143, 161, 179, 389, 445, 465, 512, 513, 514, 515, 587, 636, 989, 990, 993,
    995, 2049, 2375, 2376, 2379, 2380, 3306, 5432, 6379, 9200, 9300, 10250, 11211, 27017,
];

/// Returns whether a request to this port is refused.
pub(crate) fn is_refused(port: u16) -> bool {
    REFUSED.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(REFUSED.is_sorted());
        assert!(is_refused(6379) && is_refused(0) && !is_refused(443) && !is_refused(8080));
    }
}
